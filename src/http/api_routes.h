/* The handlers of the operators' interface (docs/openapi.yaml, by operationId). */
#ifndef HTTP_API_ROUTES_H
#define HTTP_API_ROUTES_H

struct request;

/* api_lists.c */
void api_status(struct request *request);
void api_product_list(struct request *request);
void api_anchor_list(struct request *request);
void api_device_list(struct request *request);
void api_device_show(struct request *request);
void api_device_timeline(struct request *request);
void api_cert_list(struct request *request);
void api_cert_show(struct request *request);
void api_foreign_list(struct request *request);
void api_foreign_show(struct request *request);
void api_finding_list(struct request *request);
void api_issuer_list(struct request *request);
void api_issuer_show(struct request *request);
void api_operator_list(struct request *request);
void api_ledger_entries(struct request *request);
void api_ledger_checkpoint(struct request *request);
void api_approval_list(struct request *request);
void api_approval_show(struct request *request);
void api_boundary_list(struct request *request);
void api_boundary_show(struct request *request);
void api_boundary_add(struct request *request);
void api_boundary_set(struct request *request);
void api_boundary_fail_open(struct request *request);
void api_boundary_remove(struct request *request);
void api_binding_list(struct request *request);
void api_binding_show(struct request *request);
void api_binding_add(struct request *request);
void api_binding_remove(struct request *request);
void api_waiver_list(struct request *request);
void api_waiver_add(struct request *request);
void api_waiver_end(struct request *request);
void api_transfer_list(struct request *request);
void api_transfer_show(struct request *request);
void api_transfer_receipt(struct request *request);

/* api_debt.c */
void api_debt(struct request *request);
void api_cutoff(struct request *request);

void api_webhook_list(struct request *request);
void api_webhook_key(struct request *request);
void api_bulk_list(struct request *request);
void api_bulk_show(struct request *request);

/* api_bulk.c */
void api_bulk(struct request *request);
void api_bulk_named(struct request *request);

/* api_verbs.c */
void api_product_add(struct request *request);
void api_product_set(struct request *request);
void api_anchor_add(struct request *request);
void api_issuer_add(struct request *request);
void api_issuer_retire(struct request *request);
void api_issuer_force(struct request *request);
void api_device_set(struct request *request);
void api_finding_close(struct request *request);
void api_webhook_test(struct request *request);
void api_operator_renew(struct request *request);
void api_operator_recover(struct request *request);
void api_approval_root(struct request *request);
void api_operator_settle(struct request *request);
void api_operator_set(struct request *request);
void api_operator_remove(struct request *request);
void api_approver_set(struct request *request);
void api_approval_sign(struct request *request);
void api_approval_withdraw(struct request *request);
void api_transfer_release(struct request *request);
void api_transfer_sign(struct request *request);
void api_transfer_abort(struct request *request);
void api_token_add(struct request *request);
void api_permit_add(struct request *request);
void api_cert_revoke(struct request *request);
void api_operator_add(struct request *request);
void api_bootstrap(struct request *request);
void api_clock_accept(struct request *request);
void api_backup_note(struct request *request);

/* api_check.c */
void api_check(struct request *request);

/* api_golive.c */
void api_golive(struct request *request);

/* api_policy.c */
void api_policy_list(struct request *request);
void api_policy_show(struct request *request);
void api_policy_diff(struct request *request);
void api_policy_set(struct request *request);

/* api_rehearse.c */
void api_rehearse(struct request *request);

/* api_foreign.c */
void api_foreign_import(struct request *request);

/* api_scan.c */
void api_foreign_scan(struct request *request);

/* api_import.c */
void api_device_import(struct request *request);

/* api_health.c */
void api_metrics(struct request *request);
void api_livez(struct request *request);
void api_readyz(struct request *request);

#endif
