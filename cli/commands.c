/* Every command of `troth`: what is not here does not exist. */
#include <cli/actions.h>
#include <cli/bulk.h>
#include <cli/commands.h>

#include "commands_parts.h"
#include <cli/imports.h>
#include <cli/scan.h>

#define STATES "expected|enrolled|active|quarantined|lost|retired"

/* ---- products, anchors, issuers ---------------------------------------------------------------
 */

#define GRACE(is_required, help)                                                                   \
    {                                                                                              \
        "--grace", VALUE_DURATION, "TIME", is_required, help                                       \
    }

#define CLAIMS                                                                                     \
    {                                                                                              \
        "--claims-an-hour", VALUE_NUMBER, "N", false,                                              \
            "enrolments by IDevID or registered key on TLS; 0: 1,000, or 1 % of the devices"       \
    }

#define KEYS                                                                                       \
    {                                                                                              \
        "--keys", VALUE_TEXT, "LIST", false,                                                       \
            "keys that its devices may have, of p256,p384,ed25519,rsa (default p256)"              \
    }

static const struct option_row product_add_options[] = {
    {"NAME", VALUE_TEXT, NULL, true, "name of the product, also its EST label"},
    {"--proofs", VALUE_TEXT, "LIST", false,
     "proofs a first enrolment may show, such as token,registered-key,idevid (the default)"},
    {"--least-proof", VALUE_CHOICE, "claim|token|registered-key|idevid|hardware|attested", false,
     "weaker proofs open a finding (default token)"},
    {"--validity", VALUE_DURATION, "TIME", false, "life of a device certificate (default 90d)"},
    {"--enrols-a-year", VALUE_NUMBER, "N", false, "re-enrolments of an active device (default 4)"},
    {"--hw-type", VALUE_TEXT, "OID", false, "dotted OID of the hardware type (RFC 4108)"},
    GRACE(false, "so long after its end a certificate still renews, with a new key (default 0)"),
    CLAIMS,
    KEYS,
    DRY_RUN,
    {0},
};
static const struct option_row product_set_options[] = {
    {"PRODUCT", VALUE_TEXT, NULL, true, "name of the product"},
    GRACE(false, "so long after its end a certificate still renews, with a new key; 0: never"),
    CLAIMS,
    KEYS,
    DRY_RUN,
    {0},
};
static const struct field product_set_fields[] = {
    {"--grace", PLACE_NUMBER, "grace_s"},
    {"--claims-an-hour", PLACE_NUMBER, "claims_an_hour"},
    {"--keys", PLACE_WORDS, "keys"},
    DRY_RUN_FIELD,
    {0},
};
static const struct field product_add_fields[] = {
    {"NAME", PLACE_TEXT, "name"},
    {"--proofs", PLACE_WORDS, "proofs"},
    {"--least-proof", PLACE_TEXT, "least_proof"},
    {"--validity", PLACE_NUMBER, "validity_s"},
    {"--enrols-a-year", PLACE_NUMBER, "enrols_a_year"},
    {"--hw-type", PLACE_TEXT, "hw_type"},
    {"--grace", PLACE_NUMBER, "grace_s"},
    {"--claims-an-hour", PLACE_NUMBER, "claims_an_hour"},
    {"--keys", PLACE_WORDS, "keys"},
    DRY_RUN_FIELD,
    {0},
};
static const struct column product_columns[] = {
    {"PRODUCT", "name"},          {"DEVICES", "devices"},
    {"PROOFS", "proofs"},         {"LEAST", "least_proof"},
    {"VALIDITY_S", "validity_s"}, {"ENROLS/YEAR", "enrols_a_year"},
    {"GRACE_S", "grace_s"},       {"KEYS", "keys"},
    {"HW_TYPE", "hw_type"},       {0},
};
static const struct plan product_add = {plan_change, "/api/v1/products", product_add_fields, NULL,
                                        "product {NAME} added"};
static const struct plan product_set = {plan_change, "/api/v1/products/{PRODUCT}",
                                        product_set_fields, NULL, "product {PRODUCT} changed"};
static const struct option_row list_options[] = {LIMIT, {0}};
static const struct option_row product_options[] = {PRODUCT, {0}};
static const struct plan product_list = {plan_list, "/api/v1/products", NULL, product_columns,
                                         NULL};
static const struct plan product_show = {action_named_show, "/api/v1/products", NULL,
                                         product_columns, NULL};

static const struct option_row anchor_add_options[] = {
    PRODUCT,
    {"--certificate", VALUE_FILE, "FILE", true,
     "the maker's root, or who signs his manifests; PEM"},
    {"--use", VALUE_CHOICE, "proof|manifest|inventory", false,
     "proof of devices (the default), signer of manifests, or another CA whose certificates are "
     "only listed"},
    DRY_RUN,
    {0},
};
static const struct field anchor_add_fields[] = {
    {"PRODUCT", PLACE_TEXT, "product"},
    {"--certificate", PLACE_FILE, "certificate"},
    {"--use", PLACE_TEXT, "use"},
    DRY_RUN_FIELD,
    {0},
};
static const struct column anchor_columns[] = {
    {"ID", "id"}, {"USE", "use"}, {"PRODUCT", "product"}, {"UNTIL", "not_after"}, {0},
};
static const struct plan anchor_add = {plan_change, "/api/v1/anchors", anchor_add_fields, NULL,
                                       "anchor added for {PRODUCT}"};
static const struct plan anchor_list = {plan_list, "/api/v1/anchors", NULL, anchor_columns, NULL};

/* ---- devices ----------------------------------------------------------------------------------
 */

static const struct option_row device_list_options[] = {
    OF_PRODUCT,
    {"--owner", VALUE_TEXT, "NAME", false, "of this owner only"},
    {"--state", VALUE_CHOICE, STATES, false, "in this state only"},
    {"--issuer", VALUE_NUMBER, "ISSUER", false, "that need this issuer still: `troth issuer list`"},
    {"--batch", VALUE_TEXT, "NAME", false, "of this batch only"},
    {"--serial", VALUE_TEXT, "PREFIX", false, "whose serial number begins so"},
    LIMIT,
    {0},
};
static const struct field device_list_fields[] = {
    {"--product", PLACE_QUERY, "product"},
    {"--owner", PLACE_QUERY, "owner"},
    {"--state", PLACE_QUERY, "state"},
    {"--issuer", PLACE_QUERY, "issuer"},
    {"--batch", PLACE_QUERY, "batch"},
    {"--serial", PLACE_QUERY, "serial_prefix"},
    {0},
};
static const struct column device_columns[] = {
    {"PRODUCT", "product"}, {"SERIAL", "serial"}, {"STATE", "state"},       {"VERDICT", "verdict"},
    {"PROOF", "proof"},     {"HOLD", "hold"},     {"FINDINGS", "findings"}, {"UNTIL", "not_after"},
    {"SEEN", "seen"},       {"OWNER", "owner"},   {"BATCH", "batch"},       {0},
};
static const struct plan device_list = {plan_list, "/api/v1/devices", device_list_fields,
                                        device_columns, NULL};

static const struct option_row device_options[] = {PRODUCT, SERIAL, {0}};
static const struct plan device_show = {action_device_show, "/api/v1/devices/{PRODUCT}/{SERIAL}",
                                        NULL, NULL, NULL};

static const struct option_row device_set_options[] = {
    PRODUCT, SERIAL, {"--note", VALUE_TEXT, "TEXT", false, "why, for the timeline; erasable"},
    DRY_RUN, {0},
};
static const struct field verb_fields[] = {
    {"--reason", PLACE_TEXT, "reason"},
    {"--note", PLACE_TEXT, "note"},
    DRY_RUN_FIELD,
    {0},
};
static const struct plan device_set = {plan_change, "/api/v1/devices/{PRODUCT}/{SERIAL}/{verb}",
                                       verb_fields, NULL, "{PRODUCT} {SERIAL}: {verb}"};
static const struct plan device_cut = {action_cut, "/api/v1/devices/{PRODUCT}/{SERIAL}/{verb}",
                                       verb_fields, NULL, "{PRODUCT} {SERIAL}: {verb}"};

/* ---- tokens, permits, certificates, findings --------------------------------------------------
 */

static const struct option_row token_options[] = {
    PRODUCT,
    SERIAL,
    {"--ttl", VALUE_DURATION, "TIME", false, "how long it may be used (default 1d)"},
    DRY_RUN,
    {0},
};
static const struct option_row permit_options[] = {
    PRODUCT,
    SERIAL,
    {"--ttl", VALUE_DURATION, "TIME", false, "how long it may be used (default 1d)"},
    {"--note", VALUE_TEXT, "TEXT", false, "why, for the timeline; erasable"},
    {"--new-board", VALUE_NONE, NULL, false, "for another board: no proof of the old one opens it"},
    DRY_RUN,
    {0},
};
static const struct field grant_fields[] = {
    {"PRODUCT", PLACE_TEXT, "product"},
    {"SERIAL", PLACE_TEXT, "serial"},
    {"--ttl", PLACE_NUMBER, "ttl_s"},
    {"--note", PLACE_TEXT, "note"},
    {"--new-board", PLACE_FLAG, "new_board"},
    DRY_RUN_FIELD,
    {0},
};
static const struct plan token_add = {action_token_add, "/api/v1/tokens", grant_fields, NULL, NULL};
static const struct plan permit_add = {plan_change, "/api/v1/permits", grant_fields, NULL,
                                       "{PRODUCT} {SERIAL} may enrol once more"};

static const struct option_row cert_list_options[] = {
    OF_PRODUCT,
    OF_SERIAL,
    {"--state", VALUE_CHOICE, "pending|current|superseded|voided|revoked|orphan", false,
     "in this state only"},
    {"--foreign", VALUE_NONE, NULL, false, "those that other CAs issued: `troth cert import`"},
    LIMIT,
    {0},
};
static const struct field cert_list_fields[] = {
    {"--product", PLACE_QUERY, "product"},
    {"--serial", PLACE_QUERY, "serial"},
    {"--state", PLACE_QUERY, "state"},
    {0},
};
static const struct column cert_columns[] = {
    {"CERTIFICATE", "serial"},   {"PROFILE", "profile"}, {"PRODUCT", "product"},
    {"DEVICE", "device_serial"}, {"STATE", "state"},     {"REASON", "reason"},
    {"FROM", "not_before"},      {"UNTIL", "not_after"}, {0},
};
static const struct option_row cert_options[] = {
    {"CERTIFICATE", VALUE_HEX, NULL, true, "serial number of the certificate"},
    {0},
};
static const struct option_row cert_revoke_options[] = {
    {"CERTIFICATE", VALUE_HEX, NULL, true, "serial number of the certificate"},
    {"--reason", VALUE_CHOICE, REASONS, false, "reason in the CRL (RFC 5280 5.3.1)"},
    {"--note", VALUE_TEXT, "TEXT", false, "why, for the timeline; erasable"},
    DRY_RUN,
    {0},
};
static const struct plan cert_list = {action_cert_list, "/api/v1/certificates", cert_list_fields,
                                      cert_columns, NULL};
static const struct plan cert_show = {action_cert_show, "/api/v1/certificates/{CERTIFICATE}", NULL,
                                      cert_columns, NULL};
static const struct plan cert_revoke = {action_cut, "/api/v1/certificates/{CERTIFICATE}/revoke",
                                        verb_fields, NULL, "certificate {CERTIFICATE} revoked"};

static const struct option_row finding_options[] = {
    OF_PRODUCT,
    OF_SERIAL,
    {"--owner", VALUE_TEXT, "NAME", false, "of this owner only"},
    {"--check", VALUE_TEXT, "TD-NN", false, "of this check only"},
    {"--severity", VALUE_CHOICE, "low|medium|high|critical", false, "of this severity only"},
    {"--all", VALUE_NONE, NULL, false, "closed ones too"},
    LIMIT,
    {0},
};
static const struct field finding_fields[] = {
    {"--product", PLACE_QUERY, "product"},
    {"--serial", PLACE_QUERY, "serial"},
    {"--owner", PLACE_QUERY, "owner"},
    {"--check", PLACE_QUERY, "check"},
    {"--severity", PLACE_QUERY, "severity"},
    {"--all", PLACE_QUERY, "all"},
    {0},
};
static const struct column finding_columns[] = {
    {"CHECK", "check"},
    {"TITLE", "title"},
    {"SEVERITY", "severity"},
    {"ABOUT", "about"},
    {"PRODUCT", "product"},
    {"SERIAL", "serial"},
    {"BEGAN", "began"},
    {"CLOSED", "closed"},
    {"WAIVED UNTIL", "waived_until"},
    {"MEND", "mend"},
    {0},
};
static const struct option_row finding_close_options[] = {
    {"FINDING", VALUE_NUMBER, NULL, true,
     "its number; about a product or a boundary, not a device"},
    {"--note", VALUE_TEXT, "TEXT", false, "what was found, for the ledger; erasable"},
    DRY_RUN,
    {0},
};
static const struct field finding_close_fields[] = {
    {"--note", PLACE_TEXT, "note"},
    DRY_RUN_FIELD,
    {0},
};
static const struct plan finding_close = {plan_change, "/api/v1/findings/{FINDING}/close",
                                          finding_close_fields, NULL, "finding {FINDING} closed"};
static const struct plan finding_list = {plan_list, "/api/v1/findings", finding_fields,
                                         finding_columns, NULL};

/* ---- webhooks ---------------------------------------------------------------------------------
 */

static const struct column webhook_columns[] = {
    {"NAME", "name"},         {"QUEUED", "queued"},   {"OLDEST", "oldest"},
    {"SENT", "sent"},         {"FAILED", "failed"},   {"DROPPED", "dropped"},
    {"GIVEN UP", "given_up"}, {"FAILURE", "failure"}, {0},
};
static const struct column webhook_key_columns[] = {
    {"KEY", "public_key"},
    {"SINCE", "since"},
    {0},
};
static const struct option_row webhook_test_options[] = {
    {"WEBHOOK", VALUE_TEXT, NULL, true, "its name in the server's configuration"},
    DRY_RUN,
    {0},
};
static const struct field dry_run_fields[] = {DRY_RUN_FIELD, {0}};
static const struct plan webhook_list = {plan_list, "/api/v1/webhooks", NULL, webhook_columns,
                                         NULL};
static const struct plan webhook_key = {plan_show, "/api/v1/webhooks/key", NULL,
                                        webhook_key_columns, NULL};
static const struct plan webhook_test = {plan_change, "/api/v1/webhooks/{WEBHOOK}/test",
                                         dry_run_fields, NULL, "test for {WEBHOOK} is on its way"};

/* ---- who I am ---------------------------------------------------------------------------------
 */

static const struct option_row login_options[] = {
    {"--server", VALUE_TEXT, "URL", false, "operator port (default https://localhost:8444)"},
    {"--certificate", VALUE_FILE, "FILE", true, "the operator's certificate, PEM"},
    {"--key", VALUE_FILE, "FILE", true, "its key, PEM; stays where it is"},
    {"--root", VALUE_FILE, "FILE", true, "the root that proves the server, PEM"},
    {0},
};
static const struct plan login = {.run = action_login};

static const struct option_row bootstrap_options[] = {
    {"NAME", VALUE_TEXT, NULL, true, "name of the first operator"},
    {"--socket", VALUE_FILE, "PATH", true, "the server's local socket: `listen.local`"},
    {"--server", VALUE_TEXT, "URL", false, "operator port (default https://localhost:8444)"},
    {0},
};
static const struct plan bootstrap = {.run = action_bootstrap};

static const struct plan whoami = {.run = action_whoami, .path = "/api/v1/status"};
static const struct plan logout = {.run = action_logout};

/* ---- the server itself ------------------------------------------------------------------------
 */

static const struct plan status = {.run = action_status, .path = "/api/v1/status"};
static const struct plan checkpoint = {.run = action_checkpoint,
                                       .path = "/api/v1/ledger/checkpoint"};
static const struct column entry_columns[] = {
    {"ENTRY", "entry"},
    {"AT", "at"},
    {"EVENT", "event"},
    {0},
};
static const struct plan entries = {plan_list, "/api/v1/ledger/entries", NULL, entry_columns, NULL};
static const struct plan demo = {.run = action_demo};
static const struct plan trothd = {.run = action_trothd};
static const struct plan clock = {plan_change, "/api/v1/clock/accept", verb_fields, NULL,
                                  "the clock is accepted"};
static const struct option_row clock_options[] = {
    {"--accept", VALUE_NONE, NULL, true, "the clock is right although it jumped"},
    DRY_RUN,
    {0},
};
static const struct option_row backup_options[] = {
    {"FOLDER", VALUE_FILE, NULL, true, "a new or empty folder; with --note or --drilled a backup"},
    {"--drilled", VALUE_NONE, NULL, false, "verify this backup as a restore does, and note it"},
    {"--note", VALUE_NONE, NULL, false, "it is made: note it at the server, and nothing else"},
    {"--config", VALUE_FILE, "FILE", false, "the server's configuration, to make one"},
    DRY_RUN,
    {0},
};
static const struct field backup_fields[] = {DRY_RUN_FIELD, {0}};
static const struct plan backup = {action_backup, "/api/v1/backups", backup_fields, NULL, NULL};
static const struct option_row help_options[] = {
    {"CODE", VALUE_TEXT, NULL, false, "an error's number, such as E2001 (default: all)"},
    {0},
};
static const struct plan help = {.run = action_help_error};

static const struct command commands[] = {
    {"init", NULL, "make root, issuers and database (trothd init --help)", NULL, true, &trothd},
    {"demo", NULL, "the whole road once, on this machine (--serve keeps it)", NULL, true, &demo},
    {"backup", NULL, "copy everything but keys and journal, and note it at the server",
     backup_options, false, &backup},
    {"restore", NULL, "check a backup, or go on from it (trothd restore --help)", NULL, true,
     &trothd},
    {"config", "check", "check a configuration file (trothd config check)", NULL, true, &trothd},
    {"config", "show", "all settings in force (trothd config show)", NULL, true, &trothd},
    {"config", "clock", "end the pause after the clock jumped", clock_options, false, &clock},
    {"login", NULL, "choose the server and who you are there", login_options, false, &login},
    {"logout", NULL, "forget the server; key and certificate stay", NULL, false, &logout},
    {"whoami", NULL, "who you are there: role, scope, end of the certificate", NULL, false,
     &whoami},
    {"status", NULL, "how the fleet stands and what is owed, oldest first", NULL, false, &status},
    {"check", NULL, "what is owed, check by check: exit status 0 nothing, 3 something, 4 critical",
     check_options, false, &check},
    {"rehearse", NULL, "what would be without an issuer, an anchor or a product; changes nothing",
     rehearse_options, false, &rehearse},
    {"debt", NULL, "what is owed, now or on a past day; with --since what came and went",
     debt_options, false, &debt},
    {"report", NULL, "what the checks say about the controls of a framework", report_options, false,
     &report},
    {"product", "add", "add a device model and its policy", product_add_options, false,
     &product_add},
    {"product", "set", "change the policy of a product", product_set_options, false, &product_set},
    {"product", "list", "list products", list_options, false, &product_list},
    {"product", "show", "show one product", product_options, false, &product_show},
    {"policy", "set", "set the thresholds and effects of the checks, from a file",
     policy_set_options, false, &policy_set},
    {"policy", "diff",
     "compare a file with what is in force and judge devices by it: exit status 0 the same, 3 not",
     policy_diff_options, false, &policy_diff},
    {"policy", "show", "what is in force for a product or the fleet, and who says so",
     policy_show_options, false, &policy_show},
    {"policy", "list", "list versions of policies", policy_list_options, false, &policy_list},
    {"anchor", "add", "accept a maker's root as proof", anchor_add_options, false, &anchor_add},
    {"anchor", "list", "list accepted roots", list_options, false, &anchor_list},
    {"issuer", "list", "list our certification authorities", list_options, false, &issuer_list},
    {"issuer", "show", "one of them; with --devices who needs it still", issuer_show_options, false,
     &issuer_show},
    {"issuer", "rotate", "make the key of an issuer that follows one (trothd issuer rotate)", NULL,
     true, &trothd},
    {"issuer", "sign", "sign its request with the root's key (trothd issuer sign)", NULL, true,
     &trothd},
    {"issuer", "root", "make a root that follows one (trothd issuer root)", NULL, true, &trothd},
    {"issuer", "accept", "take what the root signed (trothd issuer accept)", NULL, true, &trothd},
    {"issuer", "add", "let it issue from now on; the one before it is retiring", issuer_add_options,
     false, &issuer_add},
    {"issuer", "retire", "end one that is retiring and that nobody needs", issuer_retire_options,
     false, &issuer_retire},
    {"issuer", "statement",
     "print a certification practice statement, from the ledger (trothd issuer statement)", NULL,
     true, &trothd},
    {"keys", "export", "the online keys, encrypted (trothd keys export)", NULL, true, &trothd},
    {"keys", "check", "open and compare such a file (trothd keys check)", NULL, true, &trothd},
    {"keys", "import", "put its keys back (trothd keys import)", NULL, true, &trothd},
    {"ceremony", "begin", "a root in shares (trothd ceremony begin)", NULL, true, &trothd},
    {"ceremony", "restore-test", "shares give the key (trothd ceremony restore-test)", NULL, true,
     &trothd},
    {"ceremony", "sign-issuer", "with shares (trothd ceremony sign-issuer)", NULL, true, &trothd},
    {"ceremony", "witness", "sign what was done (trothd ceremony witness)", NULL, true, &trothd},
    {"ceremony", "verify", "check a ceremony (trothd ceremony verify)", NULL, true, &trothd},
    {"operator", "bootstrap", "become the first operator, on the server's machine",
     bootstrap_options, false, &bootstrap},
    {"operator", "add", "add an operator", operator_add_options, false, &operator_add},
    {"operator", "list", "list operators", list_options, false, &operator_list},
    {"operator", "show", "one operator", operator_options, false, &operator_show},
    {"operator", "request", "make your own key, and a request for `troth operator add`",
     request_options, false, &operator_request},
    {"operator", "role", "set another operator's role and owner scope", role_options, false,
     &operator_role},
    {"operator", "remove", "end another operator and revoke his certificates", remove_options,
     false, &operator_remove},
    {"operator", "renew", "renew your own certificate, with a new key", renew_options, false,
     &operator_renew},
    {"operator", "recover", "a certificate over a new key for one who lost his", recover_options,
     false, &operator_recover},
    {"operator", "approver", "ask that an operator approves, or no longer, what takes two people",
     approver_options, false, &approver},
    {"approval", "list", "list what waits for another person", approval_list_options, false,
     &approval_list},
    {"approval", "show", "what exactly will run, what it touches, and who signed it",
     approval_show_options, false, &approval_show},
    {"approval", "sign", "show it, sign it with your own key", approval_sign_options, false,
     &approval_sign},
    {"approval", "root", "add the signature of the root's key to a recovery", approval_root_options,
     false, &approval_root},
    {"approval", "withdraw", "end a request", approval_options, false, &approval_withdraw},
    {"device", "import", "import devices from CSV, JSON lines or a manifest", device_import_options,
     false, &device_import},
    {"device", "list", "list devices", device_list_options, false, &device_list},
    {"device", "show", "a device, why its verdict is so, certificates, timeline", device_options,
     false, &device_show},
    {"device", "hold", "let its first enrolment wait", device_set_options, false, &device_set},
    {"device", "admit", "let a held enrolment through", device_set_options, false, &device_set},
    {"device", "quarantine", "suspend it", device_set_options, false, &device_cut},
    {"device", "readmit", "end a quarantine", device_set_options, false, &device_set},
    {"device", "revoke", "revoke all its certificates, or those of many devices",
     device_revoke_options, false, &device_end},
    {"device", "lost", "it is lost: refuse it", device_set_options, false, &device_cut},
    {"device", "found", "it is back: lost becomes quarantined", device_set_options, false,
     &device_set},
    {"device", "retire", "end it, or many: certificates, tokens, permits", device_retire_options,
     false, &device_end},
    {"device", "transfer", "release it to another owner, signed with your own key",
     transfer_release_options, false, &transfer_release},
    {"boundary", "add", "add who admits devices; prints the command that enrols it",
     boundary_add_options, false, &boundary_add},
    {"boundary", "list", "list boundaries", boundary_list_options, false, &boundary_list},
    {"boundary", "show", "one boundary with its services", boundary_show_options, false,
     &boundary_show},
    {"boundary", "set", "set age limits, add or remove a service, or let it enrol again",
     boundary_set_options, false, &boundary_set},
    {"boundary", "fail-open",
     "ask that a service admits beyond its age limit whom it saw valid last", boundary_open_options,
     false, &boundary_fail_open},
    {"boundary", "remove", "end it: its certificates, its services, its feed",
     boundary_remove_options, false, &boundary_remove},
    {"binding", "add", "let devices do something at a service", binding_add_options, false,
     &binding_add},
    {"binding", "list", "list bindings", binding_list_options, false, &binding_list},
    {"binding", "show", "one binding", binding_show_options, false, &binding_show},
    {"binding", "remove", "end one", binding_remove_options, false, &binding_remove},
    {"waiver", "add", "answer for findings of a check until a day", waiver_add_options, false,
     &waiver_add},
    {"waiver", "list", "list waivers in force", waiver_list_options, false, &waiver_list},
    {"waiver", "end", "end a waiver before its day", waiver_end_options, false, &waiver_end},
    {"transfer", "list", "list transfers of ownership that are open", approval_list_options, false,
     &transfer_list},
    {"transfer", "show", "one transfer: owners, state, who signed", transfer_options, false,
     &transfer_show},
    {"transfer", "accept", "show it, and accept it for the next owner, signed with your own key",
     transfer_step_options, false, &transfer_accept},
    {"transfer", "abort", "end a transfer that is not done; either side may", transfer_step_options,
     false, &transfer_abort},
    {"transfer", "receipt", "the receipt of one that is done, verified here", transfer_options,
     false, &transfer_receipt},
    {"transfer", "verify", "verify a receipt from a file, without a server",
     transfer_verify_options, false, &transfer_verify},
    {"bulk", "list", "list verbs on many devices", list_options, false, &bulk_list},
    {"bulk", "show", "one of them, and how far it is", bulk_options, false, &bulk_show},
    {"token", "add", "make a single-use enrolment token", token_options, false, &token_add},
    {"permit", "add", "let a retired device enrol once more", permit_options, false, &permit_add},
    {"cert", "scan", "look at what TLS servers present, and put it on record", cert_scan_options,
     false, &cert_scan},
    {"cert", "import", "put certificates of another CA on record", cert_import_options, false,
     &cert_import},
    {"cert", "list", "list certificates", cert_list_options, false, &cert_list},
    {"cert", "show", "one certificate with its PEM", cert_options, false, &cert_show},
    {"cert", "revoke", "revoke one certificate", cert_revoke_options, false, &cert_revoke},
    {"finding", "list", "list open findings", finding_options, false, &finding_list},
    {"finding", "close", "answer what a brake or a budget asks about a product or a boundary",
     finding_close_options, false, &finding_close},
    {"release", "sign", "make an envelope around an image and sign it, or add a signature",
     release_sign_options, false, &release_sign},
    {"release", "keygen", "make an LMS key that signs releases, as a folder on this host",
     release_keygen_options, false, &release_keygen},
    {"keyset", "make", "make a set of the keys that devices trust, for others to sign",
     keyset_make_options, false, &keyset_make},
    {"keyset", "sign", "add a signature to a key set", keyset_sign_options, false, &keyset_sign},
    {"keyset", "show", "show a key set", keyset_show_options, false, &keyset_show},
    {"webhook", "list", "list receivers of events, and what became of them", NULL, false,
     &webhook_list},
    {"webhook", "key", "the public key that receivers verify by", NULL, false, &webhook_key},
    {"webhook", "test", "send a receiver an event that says nothing", webhook_test_options, false,
     &webhook_test},
    {"audit", "checkpoint", "the newest signed checkpoint", NULL, false, &checkpoint},
    {"audit", "entries", "list the ledger's entries", list_options, false, &entries},
    {"audit", "verify", "check entries, tiles, checkpoints and every row (trothd audit verify)",
     NULL, true, &trothd},
    {"audit", "replay", "rebuild the tables from the entries alone (trothd audit replay)", NULL,
     true, &trothd},
    {"audit", "export", "write entry bundles, checkpoint and keys (trothd audit export)", NULL,
     true, &trothd},
    {"audit", "lines", "the entries as JSON, a line each, for a SIEM (trothd audit lines)", NULL,
     true, &trothd},
    {"audit", "proof", "prove that an entry is in the newest checkpoint (trothd audit proof)", NULL,
     true, &trothd},
    {"verify", NULL, "judge an update, an image or a key set as a device does: a checklist",
     verify_options, false, &verify_plan},
    {"help", NULL, "explain an error", help_options, false, &help},
    {0},
};

static const struct option_row common[] = {
    {"--json", VALUE_NONE, NULL, false, "answer as JSON, failures too (on standard error)"},
    {0},
};

static const struct option_row exits[] = {
    {"0", VALUE_NONE, NULL, false, "done"},
    {"1", VALUE_NONE, NULL, false, "failed"},
    {"2", VALUE_NONE, NULL, false, "the command line or the profile is wrong"},
    {"3", VALUE_NONE, NULL, false, "check: warning"},
    {"4", VALUE_NONE, NULL, false, "check: critical"},
    {"5", VALUE_NONE, NULL, false, "refused by policy"},
    {"6", VALUE_NONE, NULL, false, "not authorised"},
    {"7", VALUE_NONE, NULL, false, "not found"},
    {"8", VALUE_NONE, NULL, false, "unreachable, or busy"},
    {"9", VALUE_NONE, NULL, false, "conflict with the state that is there"},
    {0},
};

static const struct option_row files[] = {
    {"~/.config/troth/config.json", VALUE_NONE, NULL, false,
     "server, certificate, key and root, as `troth login` wrote them; TROTH_CONFIG names another"},
    {0},
};

const struct program troth_program = {
    .name = "troth",
    .section = 1,
    .version = TROTH_VERSION,
    .summary = "run the trust lifecycle of a device fleet",
    .description =
        "troth talks to a Troth server over its API, as the operator whose certificate "
        "`troth login` or `troth operator bootstrap` named. Commands that need no running server "
        "are modes of trothd, which troth executes.\n\n"
        "Tables are for people and may change; programs use --json. Nothing is coloured when "
        "NO_COLOR is set or the output is no terminal.",
    .commands = commands,
    .common = common,
    .exits = exits,
    .files = files,
    .see_also = "trothd(8), troth-agent(1), troth.yaml(5), troth-profile(5), troth-import(5)",
};
