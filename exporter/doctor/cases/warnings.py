"""What is not right, and keeps no call from succeeding."""

from exporter.doctor.checkup import Advice

SOME_ADDRESSES = Advice(
    reason=None,
    cause="Some addresses of HOST do not answer.",
    remedy="Correct the DNS entry, or what listens there. The exporter uses the others, but its "
    "calls may begin late.",
)
EXPIRES_SOON = Advice(
    reason=None,
    cause="The certificate of HOST expires soon.",
    remedy="Renew it, and look why that did not happen by itself.",
)
UNVERIFIED = Advice(
    reason=None,
    cause="Nobody checks that it is HOST who answers, for `insecure_skip_verify` is set: whoever "
    "is on the way can read the credential.",
    remedy="Give the authority's certificate as `tls_config.ca_file` instead.",
)
CLOCKS = Advice(
    reason=None,
    cause="The clocks of this host and of HOST differ.",
    remedy="Let both follow a time server. Counts stay right; ages of tickets would not.",
)
NO_DEPARTMENT = Advice(
    reason=None,
    cause="The site's credential sees no department, so every count is 0.",
    remedy="Assign its administrator to departments, or set `ignore_department_assignments: true`.",
)
NOT_THERE = Advice(
    reason=None,
    cause="The configuration includes what this WHMCS does not have, so no number of it will come.",
    remedy="Write departments by their ids, and statuses by their titles, as they stand behind "
    "`there are`.",
)
WITHHELD = Advice(
    reason=None,
    cause="The site has more than its limits allow, so this reading is withheld.",
    remedy="Raise `limits.departments`, `limits.statuses` or `limits.series`; for `waiting` "
    "perhaps `waiting.max_pages`.",
)
