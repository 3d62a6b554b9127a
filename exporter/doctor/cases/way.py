"""What can be wrong on the way to WHMCS."""

from exporter.doctor.cases.case import Case

WAY = (
    Case(
        "timeout",
        ("no name server",),
        "No name server answers this host's question for HOST.",
        "Look at the name servers in /etc/resolv.conf and at the way to them; in a container, at "
        "the DNS settings of its network.",
    ),
    Case(
        "timeout",
        ("no connection",),
        "Nothing answers at HOST, port PORT: something on the way drops the packets.",
        "Open the way in the firewalls, from this host out and into HOST: TCP, port PORT.",
    ),
    Case(
        "timeout",
        ("no handshake",),
        "HOST takes the connection on port PORT, and then says nothing.",
        "Look whether a web server with TLS listens on that port, and whether something in between "
        "inspects TLS.",
    ),
    Case(
        "timeout",
        (),
        "WHMCS did not answer ACTION in time.",
        "Look at the load of WHMCS's server and database. If it is always that slow, raise "
        "`timeout`, and `interval` above it.",
    ),
    Case(
        "tls",
        ("has expired",),
        "The certificate of HOST has expired.",
        "Renew it on the web server, and let that load it. If it is new already, look at this "
        "host's clock.",
    ),
    Case(
        "tls",
        ("not yet valid",),
        "The certificate of HOST is not valid yet.",
        "Look at this host's clock; if it is right, at the certificate on the web server.",
    ),
    Case(
        "tls",
        ("mismatch",),
        "The certificate is for another name than HOST.",
        "Write a name in `url` that the certificate is for, or get one for HOST. If `url` has to "
        "stay, set `tls_config.server_name` to a name of the certificate.",
    ),
    Case(
        "tls",
        ("self-signed", "self signed"),
        "Nobody whom this host trusts has signed the certificate of HOST: it is self-signed, or "
        "comes from an authority of your own.",
        "Give that authority's certificate, or the self-signed one, as `tls_config.ca_file` "
        "(WHMCS_CA_FILE).",
    ),
    Case(
        "tls",
        ("issuer certificate",),
        "This host does not know who signed the certificate of HOST.",
        "Let the web server send the whole chain (often called fullchain.pem), not its own "
        "certificate alone. If the authority is your own, give its certificate as "
        "`tls_config.ca_file` (WHMCS_CA_FILE).",
    ),
    Case(
        "tls",
        ("WRONG_VERSION", "RECORD_LAYER", "HTTP_REQUEST"),
        "What answers on port PORT of HOST speaks no TLS.",
        "Correct the port in `url`. Plain http:// is for this machine alone, or with `allow_http`.",
    ),
    Case(
        "tls",
        ("CERTIFICATE_REQUIRED", "HANDSHAKE_FAILURE", "BAD_CERTIFICATE", "UNKNOWN_CA"),
        "HOST refuses the handshake: most likely it wants a client certificate, or another one.",
        "Give `tls_config.cert_file` and `key_file` from an authority that the web server trusts.",
    ),
    Case(
        "tls",
        (),
        "HOST and this host cannot agree on TLS.",
        "Look at the TLS versions and ciphers of the web server (it takes TLS 1.2 or 1.3), and "
        "whether it serves this name at all.",
    ),
    Case(
        "connect",
        ("no such name", "no valid name", "not known", "No address associated"),
        "There is no HOST for this host's name servers.",
        "Correct the name in `url`, or make the DNS entry. A name of your own network needs your "
        "own name servers in /etc/resolv.conf.",
    ),
    Case(
        "connect",
        ("name servers could not say", "failure in name resolution"),
        "The name servers cannot say at present what HOST is.",
        "Look at the name servers in /etc/resolv.conf and at the way to them; in a container, at "
        "the DNS settings of its network.",
    ),
    Case(
        "connect",
        ("refused",),
        "HOST is there, but nothing listens on port PORT.",
        "Correct host and port in `url`, or start the web server; a firewall may refuse as well.",
    ),
    Case(
        "connect",
        ("timed out",),
        "Nothing answers at HOST, port PORT: something on the way drops the packets.",
        "Open the way in the firewalls, from this host out and into HOST: TCP, port PORT.",
    ),
    Case(
        "connect",
        ("unreachable", "No route", "Cannot assign"),
        "There is no way from this host to HOST.",
        "Look at the routes of this host. If HOST has only IPv6 addresses, this host needs IPv6.",
    ),
    Case(
        "connect",
        ("Permission denied", "not permitted"),
        "This host itself forbids the connection to HOST, port PORT.",
        "Look at its own firewall, and at what confines the exporter: a network policy, SELinux or "
        "AppArmor, `IPAddressDeny=` of systemd.",
    ),
    Case(
        "connect",
        ("the proxy",),
        "The proxy refuses to make the connection.",
        "Correct `proxy_url`, or let the proxy pass CONNECT to WHMCS from this host.",
    ),
    Case(
        "connect",
        ("not HTTP",),
        "What answers on port PORT of HOST is no web server, or wants TLS.",
        "Correct scheme, host and port in `url`.",
    ),
    Case(
        "connect",
        (),
        "The connection ended before the answer did.",
        "Look into the error logs of the web server and of PHP: it may have run out of memory or "
        "time. A firewall may cut connections as well, and a web server that asks for a client "
        "certificate when it dislikes the one it was shown.",
    ),
)
