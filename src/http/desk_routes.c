/* What an operator can ask of the server: the rows are docs/openapi.yaml's, and a test walks both.
 * A table of its own: a front has no operator's route to match, whatever happens to it. */
#include "api_routes.h"
#include "desk.h"

#include <base/limits.h>

#define JSON "application/json"
#define LIST "text/csv, application/x-ndjson"
#define IMPORT LIST ", application/jose+json"
#define LINES "application/x-ndjson"
#define TEXT "text/plain"
#define BODY LIMIT_BODY_BYTES
#define API "/api/v1"

#define GET(path, handle)                                                                          \
    {                                                                                              \
        SURFACE_OPERATOR, "GET", path, NEED_OPERATOR, NULL, 0, false, handle                       \
    }
#define POST(path, handle)                                                                         \
    {                                                                                              \
        SURFACE_OPERATOR, "POST", path, NEED_OPERATOR, JSON, BODY, false, handle                   \
    }

/* clang-format off */
const struct route desk_routes[] = {
    GET(API "/status", api_status),
    GET(API "/products", api_product_list),
    POST(API "/products", api_product_add),
    POST(API "/products/{product}", api_product_set),
    GET(API "/products/{product}/go-live", api_golive),
    GET(API "/policies", api_policy_list),
    POST(API "/policies", api_policy_set),
    GET(API "/policies/effective", api_policy_show),
    POST(API "/policies/diff", api_policy_diff),
    GET(API "/anchors", api_anchor_list),
    POST(API "/anchors", api_anchor_add),
    GET(API "/devices", api_device_list),
    {SURFACE_OPERATOR, "POST", API "/devices/import", NEED_OPERATOR, IMPORT, LIMIT_IMPORT_BYTES, false, api_device_import},
    GET(API "/devices/{product}/{serial}", api_device_show),
    GET(API "/devices/{product}/{serial}/timeline", api_device_timeline),
    POST(API "/devices/{product}/{serial}/{verb}", api_device_set),
    GET(API "/bulks", api_bulk_list),
    GET(API "/bulks/{bulk}", api_bulk_show),
    POST(API "/bulks", api_bulk),
    {SURFACE_OPERATOR, "POST", API "/bulk-lists", NEED_OPERATOR, LIST, LIMIT_IMPORT_BYTES, false, api_bulk_named},
    POST(API "/tokens", api_token_add),
    POST(API "/permits", api_permit_add),
    GET(API "/certificates", api_cert_list),
    GET(API "/certificates/{certificate}", api_cert_show),
    POST(API "/certificates/{certificate}/revoke", api_cert_revoke),
    GET(API "/foreign-certificates", api_foreign_list),
    {SURFACE_OPERATOR, "POST", API "/foreign-certificates/import", NEED_OPERATOR, TEXT, LIMIT_IMPORT_BYTES, false, api_foreign_import},
    {SURFACE_OPERATOR, "POST", API "/foreign-certificates/scan", NEED_OPERATOR, LINES, LIMIT_IMPORT_BYTES, false, api_foreign_scan},
    GET(API "/foreign-certificates/{foreign}", api_foreign_show),
    GET(API "/findings", api_finding_list),
    POST(API "/findings/{finding}/close", api_finding_close),
    GET(API "/debt", api_debt),
    GET(API "/cutoffs/{entry}", api_cutoff),
    GET(API "/issuers", api_issuer_list),
    POST(API "/issuers", api_issuer_add),
    GET(API "/issuers/{issuer}", api_issuer_show),
    POST(API "/issuers/{issuer}/retire", api_issuer_retire),
    POST(API "/issuers/{issuer}/force", api_issuer_force),
    GET(API "/check", api_check),
    GET(API "/rehearsal", api_rehearse),
    GET(API "/operators", api_operator_list),
    POST(API "/operators", api_operator_add),
    POST(API "/operators/me/renew", api_operator_renew),
    POST(API "/operators/me/settle", api_operator_settle),
    POST(API "/operators/{operator}", api_operator_set),
    POST(API "/operators/{operator}/remove", api_operator_remove),
    POST(API "/operators/{operator}/approver", api_approver_set),
    {SURFACE_OPERATOR | SURFACE_LOCAL, "POST", API "/operators/{operator}/recover", NEED_OPERATOR, JSON, BODY, false, api_operator_recover},
    GET(API "/approvals", api_approval_list),
    GET(API "/approvals/{approval}", api_approval_show),
    POST(API "/approvals/{approval}/sign", api_approval_sign),
    {SURFACE_OPERATOR | SURFACE_LOCAL, "POST", API "/approvals/{approval}/root", NEED_OPERATOR, JSON, BODY, false, api_approval_root},
    POST(API "/approvals/{approval}/withdraw", api_approval_withdraw),
    GET(API "/boundaries", api_boundary_list),
    POST(API "/boundaries", api_boundary_add),
    GET(API "/boundaries/{boundary}", api_boundary_show),
    POST(API "/boundaries/{boundary}", api_boundary_set),
    POST(API "/boundaries/{boundary}/fail-open", api_boundary_fail_open),
    POST(API "/boundaries/{boundary}/remove", api_boundary_remove),
    GET(API "/bindings", api_binding_list),
    POST(API "/bindings", api_binding_add),
    GET(API "/bindings/{binding}", api_binding_show),
    POST(API "/bindings/{binding}/remove", api_binding_remove),
    GET(API "/waivers", api_waiver_list),
    POST(API "/checks/{check}/waivers", api_waiver_add),
    POST(API "/waivers/{waiver}/end", api_waiver_end),
    GET(API "/transfers", api_transfer_list),
    POST(API "/transfers", api_transfer_release),
    GET(API "/transfers/{transfer}", api_transfer_show),
    POST(API "/transfers/{transfer}/abort", api_transfer_abort),
    GET(API "/transfers/{transfer}/receipt", api_transfer_receipt),
    POST(API "/transfers/{transfer}/{step}", api_transfer_sign),
    GET(API "/webhooks", api_webhook_list),
    GET(API "/webhooks/key", api_webhook_key),
    POST(API "/webhooks/{webhook}/test", api_webhook_test),
    GET(API "/ledger/checkpoint", api_ledger_checkpoint),
    GET(API "/ledger/entries", api_ledger_entries),
    POST(API "/clock/accept", api_clock_accept),
    POST(API "/backups", api_backup_note),
    GET("/metrics", api_metrics),

    {SURFACE_LOCAL, "POST", API "/bootstrap", NEED_OPERATOR, JSON, BODY, false, api_bootstrap},
    {SURFACE_OPERATOR | SURFACE_LOCAL, "GET", "/livez", NEED_ANYBODY, NULL, 0, false, api_livez},
    {SURFACE_OPERATOR | SURFACE_LOCAL, "GET", "/readyz", NEED_ANYBODY, NULL, 0, false, api_readyz},

    {0},
};
/* clang-format on */
