"""What can be wrong with an answer: in front of WHMCS, and in WHMCS."""

from exporter.doctor.cases.case import Case

_SETTINGS = "Configuration > System Settings"
_CREDENTIALS = f"{_SETTINGS} > Manage API Credentials"
_SECURITY = f"{_SETTINGS} > General Settings > Security"

ANSWERS = (
    Case(
        "too_large",
        (),
        "What answers ACTION sends more than a help desk has.",
        "Open URL in a browser and look whether it is WHMCS. If it is, raise "
        "`limits.response_bytes`.",
    ),
    Case(
        "redirect",
        (),
        "URL leads elsewhere, and the credential is never sent there.",
        "Write the final address as `url`: with https, with or without `www`, with WHMCS's folder. "
        "A WHMCS in maintenance mode may redirect as well.",
    ),
    Case(
        "rate_limited",
        (),
        "What stands in front of WHMCS limits calls, or WHMCS is in maintenance.",
        "Exempt this host from the limit (Cloudflare, web server, firewall) for "
        "/includes/api.php, or raise `interval`. Then try again.",
    ),
    Case(
        "ip_denied",
        ("banned", "Forbidden IP"),
        "WHMCS has banned this host's address.",
        f"{_SETTINGS} > Banned IPs: delete the entry, or wait until it ends (15 minutes after "
        "three failed logins). Whatever failed before must be right by then.",
    ),
    Case(
        "ip_denied",
        (),
        "WHMCS sees this host as ADDRESS, which may not use the API.",
        f"{_SECURITY} > API IP Access Restriction: add ADDRESS, exactly so. There are no networks, "
        "and an IPv6 address is an entry of its own beside the IPv4 one. If ADDRESS is a proxy's "
        "in front of WHMCS, enter it under Trusted Proxies there. Where addresses change, set "
        "`$api_access_key` in WHMCS's configuration.php and the same as `access_key`; if you have "
        "done so, the two differ.",
    ),
    Case(
        "permission",
        ("Access Denied",),
        "The administrator of CREDENTIAL may not use the API.",
        f"{_SETTINGS} > Administrator Roles: edit this administrator's role and tick API Access.",
    ),
    Case(
        "permission",
        (),
        "The API role of CREDENTIAL lacks ACTION.",
        f"{_CREDENTIALS} > API Roles: edit the role of this credential, tick ACTION and save. This "
        "configuration needs ACTIONS.",
    ),
    Case(
        "auth",
        ("status 401",),
        "What stands in front of WHMCS wants a login of its own (HTTP status 401).",
        "Give `basic_auth` with the name and password of the web server or proxy.",
    ),
    Case(
        "auth",
        ("Disabled",),
        "The administrator of CREDENTIAL is disabled in WHMCS.",
        f"{_SETTINGS} > Administrator Users: edit this administrator and take away Disabled; or "
        "make a credential of another one.",
    ),
    Case(
        "auth",
        ("Authentication Failed", "Invalid password"),
        "WHMCS knows no administrator with this name and password (CREDENTIAL).",
        "Correct GIVEN. Since WHMCS 7.2 an API credential (`identifier` and `secret`) is better.",
    ),
    Case(
        "auth",
        (),
        "WHMCS knows no API credential with this identifier and secret (CREDENTIAL).",
        f"{_CREDENTIALS} > API Credentials: compare the identifier, and see that the two are not "
        "swapped. The secret is shown only once: if in doubt, generate a new credential. Correct "
        "GIVEN.",
    ),
    Case(
        "api_error",
        ("Empty action",),
        "The call came to WHMCS without its fields: on the way the POST became a GET.",
        "Write the final address as `url` (https, `www`, folder), and look for rewrite rules of "
        "the web server that touch /includes/api.php.",
    ),
    Case(
        "api_error",
        ("Command not found",),
        "This WHMCS does not know ACTION.",
        "Update WHMCS, or leave the source that needs it out of `sources`.",
    ),
    Case(
        "api_error",
        (),
        "WHMCS let the call in, and then ACTION failed in WHMCS itself.",
        "Its message says why. See Configuration > System Logs in WHMCS, and whether an add-on or "
        "a hook interferes.",
    ),
    Case(
        "http_status",
        ("Just a moment", "Attention Required", "Cloudflare"),
        "Cloudflare takes the exporter for a robot, and stops the call in front of WHMCS.",
        "Make a rule in Cloudflare that skips its challenges for this host's address and the path "
        "/includes/api.php.",
    ),
    Case(
        "http_status",
        ("status 403", "status 406"),
        "A firewall in front of WHMCS, such as mod_security, refuses the call.",
        "Look into its log (the web server's error log), and exempt /includes/api.php for this "
        "host's address.",
    ),
    Case(
        "http_status",
        ("status 404", "status 405"),
        "There is no WHMCS at URL.",
        "Correct the path in `url`: it is the folder of WHMCS, without /admin or "
        "/includes/api.php.",
    ),
    Case(
        "http_status",
        ("status 5",),
        "WHMCS, its PHP or its web server fails, or WHMCS is being maintained.",
        "Look into the error logs of PHP and of the web server.",
    ),
    Case(
        "http_status",
        (),
        "What answers at URL gives neither an answer of WHMCS nor a reason.",
        "Look into the web server's error log, and at what stands in front of WHMCS.",
    ),
    Case(
        "not_json",
        ("licens",),
        "WHMCS answers with a page about its licence.",
        "Open WHMCS's administration in a browser and follow what it says of the licence.",
    ),
    Case(
        "not_json",
        ("Security Warning", "install"),
        "WHMCS answers with a page about its folder `install`, which is still there.",
        "Delete the folder `install` on WHMCS's server.",
    ),
    Case(
        "not_json",
        ("a page titled",),
        "A web page answers instead of WHMCS's API.",
        "Open URL in a browser: maintenance mode, a firewall, or not the folder of WHMCS.",
    ),
    Case(
        "not_json",
        (),
        "The answer is no JSON, or something stands around it, such as a warning of PHP.",
        "Switch PHP's display_errors off on WHMCS's server and look into its error log: an add-on "
        "or a hook is mostly the cause.",
    ),
    Case(
        "schema",
        ("two credentials stand",),
        "Two of `departments.credentials` belong to the same department.",
        "Assign the administrator of each to a department of its own.",
    ),
    Case(
        "schema",
        ("filteredDepartments",),
        "The administrator of CREDENTIAL is in no department, or in several.",
        f"{_SETTINGS} > Administrator Users: assign this administrator to the one department that "
        "the credential is for. Before WHMCS 9.0 use `departments.by: statuses`.",
    ),
    Case(
        "schema",
        ("lastreply",),
        "A ticket that awaits a reply has no real date, such as 0000-00-00 00:00:00.",
        "Answer or close it: tickets that were imported may be so. Until then no waiting times are "
        "published, for this ticket may be the one that waits longest.",
    ),
    Case(
        "schema",
        (),
        "The answer to ACTION lacks what WHMCS's documentation promises.",
        "Compare the version of WHMCS, and look for an add-on or a hook that changes answers of "
        "the API.",
    ),
)
