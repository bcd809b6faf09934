/* Verbs: a body becomes one message to core, whose answer becomes the reply. */
#include "api_routes.h"
#include "api_shapes.h"
#include "api_verb.h"
#include "api_words.h"
#include "desk.h"

#include <base/limits.h>
#include <crypto/pem.h>
#include <trust/words.h>
#include <wire/b64.h>
#include <wire/x509.h>

#include <string.h>

#define DAY_S 86400

static void asking_free(struct asking *asking)
{
    api_body_freep(&asking->body);
    for (size_t i = 0; i < asking->ders; i++)
        blob_free(&asking->der[i]);
}

/* ---- the way of every verb ------------------------------------------------------------------ */

static void take(struct request *request, struct api_wait *wait, const struct ipc_message *message)
{
    const struct verb_plan *plan = wait->plan;
    const struct msg_verb_answer *answer = &message->verb_answer;
    if (message->type != IPC_VERB_ANSWER)
        return;
    if (answer->code != E_NONE) {
        api_refuse_code(request, answer->code, answer->text);
        return;
    }
    if (answer->approval != 0) {
        api_put(wait->doc, NULL, shape_waiting, answer);
        api_reply_doc(request, wait->doc, 202);
        return;
    }
    api_put_flag(wait->doc, "dry_run", wait->is_dry_run);
    api_put(wait->doc, NULL, shape_outcome, answer);
    if (plan->show != NULL)
        plan->show(request, wait, answer);
    api_reply_doc(request, wait->doc, 200);
}

static enum result read_message(const struct request *request, const struct verb_plan *plan,
                                struct asking *asking, struct err *err)
{
    struct bytes json = request_view(request)->body;
    asking->message = plan->defaults;
    TRY(api_read_asked(request, asking->key, &asking->message.asked, err));
    TRY(api_read(json, *plan->shape, &asking->message, &asking->body, err));
    return plan->finish == NULL ? OK : plan->finish(request, asking, err);
}

static enum result ask(struct request *request, const struct verb_plan *plan, struct err *err)
{
    CLEANUP(asking_free) struct asking asking = {0};
    struct api_wait *wait = NULL;
    TRY(read_message(request, plan, &asking, err));
    TRY(api_wait_begin(request, &wait, err));
    wait->plan = plan;
    wait->take = take;
    wait->is_dry_run = asking.message.asked.dry_run;
    return api_ask_core(request, plan->type, &asking.message, -1, err);
}

void api_verb_run(struct request *request, const struct verb_plan *plan)
{
    struct err err = {0};
    if (ask(request, plan, &err) != OK)
        request_refuse(request, &err);
}

/* ---- products, anchors ---------------------------------------------------------------------- */

static const struct verb_plan product_add = {
    .type = IPC_PRODUCT_ADD,
    .shape = &shape_product_add,
    .defaults.product_add =
        {
            .proofs = 1 << PROOF_TOKEN | 1 << PROOF_REGISTERED | 1 << PROOF_IDEVID,
            .least_proof = PROOF_TOKEN,
            .validity_s = 90 * DAY_S,
            .enrols_a_year = 4,
            .keys = 1 << KEY_ALG_P256,
        },
};

void api_product_add(struct request *request)
{
    api_verb_run(request, &product_add);
}

static enum result finish_product(const struct request *request, struct asking *asking,
                                  struct err *err)
{
    (void)err;
    asking->message.product_set.product = request_view(request)->parameters[0];
    return OK;
}

static const struct verb_plan product_set = {
    .type = IPC_PRODUCT_SET,
    .shape = &shape_product_set,
    .defaults.product_set = {.grace_s = -1, .claims_an_hour = -1},
    .finish = finish_product,
};

void api_product_set(struct request *request)
{
    api_verb_run(request, &product_set);
}

enum result api_verb_read_pem(struct asking *asking, const char *name, const char *label,
                              struct bytes *field, struct err *err)
{
    struct blob *der = &asking->der[asking->ders];
    enum result result = pem_read(*field, label, der, err);
    if (result == OK && der->n > LIMIT_CERTIFICATE_BYTES)
        result = err_set(err, E_TOO_LARGE, "%zu octets, wanted at most %d", der->n,
                         LIMIT_CERTIFICATE_BYTES);
    asking->ders++;
    if (result != OK)
        err_prefix(err, "%s", name);
    *field = blob_bytes(der);
    return result;
}

static enum result finish_anchor(const struct request *request, struct asking *asking,
                                 struct err *err)
{
    (void)request;
    struct bytes *certificate = &asking->message.anchor_add.certificate;
    return api_verb_read_pem(asking, "certificate", PEM_CERTIFICATE, certificate, err);
}

static const struct verb_plan anchor_add = {
    .type = IPC_ANCHOR_ADD,
    .shape = &shape_anchor_add,
    .finish = finish_anchor,
};

void api_anchor_add(struct request *request)
{
    api_verb_run(request, &anchor_add);
}

/* ---- devices and certificates --------------------------------------------------------------- */

static enum result finish_device(const struct request *request, struct asking *asking,
                                 struct err *err)
{
    struct msg_device_set *set = &asking->message.device_set;
    const struct request_view *view = request_view(request);
    set->product = view->parameters[0];
    set->serial_number = view->parameters[1];
    return api_read_word("verb", view->parameters[2], &words_device_verb, &set->verb, err);
}

static const struct verb_plan device_set = {
    .type = IPC_DEVICE_SET,
    .shape = &shape_device_set,
    .finish = finish_device,
};

void api_device_set(struct request *request)
{
    api_verb_run(request, &device_set);
}

static enum result finish_revoke(const struct request *request, struct asking *asking,
                                 struct err *err)
{
    return api_read_serial(request_view(request)->parameters[0], asking->serial,
                           &asking->message.cert_revoke.serial, err);
}

static const struct verb_plan cert_revoke = {
    .type = IPC_CERT_REVOKE,
    .shape = &shape_cert_revoke,
    .finish = finish_revoke,
};

void api_cert_revoke(struct request *request)
{
    api_verb_run(request, &cert_revoke);
}

static enum result finish_finding(const struct request *request, struct asking *asking,
                                  struct err *err)
{
    return api_read_number("finding", request_view(request)->parameters[0], 1, INT64_MAX,
                           &asking->message.finding_close.finding, err);
}

static const struct verb_plan finding_close = {
    .type = IPC_FINDING_CLOSE,
    .shape = &shape_finding_close,
    .finish = finish_finding,
};

void api_finding_close(struct request *request)
{
    api_verb_run(request, &finding_close);
}

static enum result finish_webhook(const struct request *request, struct asking *asking,
                                  struct err *err)
{
    (void)err;
    asking->message.webhook_test.name = request_view(request)->parameters[0];
    return OK;
}

static const struct verb_plan webhook_test = {
    .type = IPC_WEBHOOK_TEST,
    .shape = &shape_nothing,
    .finish = finish_webhook,
};

void api_webhook_test(struct request *request)
{
    api_verb_run(request, &webhook_test);
}

/* The token is shown this once. */
static void show_token(const struct request *request, struct api_wait *wait,
                       const struct msg_verb_answer *answer)
{
    (void)request;
    if (answer->secret.n > 0 && !wait->is_dry_run)
        api_put_text(wait->doc, NULL, "token", answer->secret);
}

static const struct verb_plan token_add = {
    .type = IPC_TOKEN_ADD,
    .shape = &shape_token_add,
    .defaults.token_add = {.ttl_s = DAY_S},
    .show = show_token,
};

void api_token_add(struct request *request)
{
    api_verb_run(request, &token_add);
}

static const struct verb_plan permit_add = {
    .type = IPC_PERMIT_ADD,
    .shape = &shape_permit_add,
    .defaults.permit_add = {.ttl_s = DAY_S},
};

void api_permit_add(struct request *request)
{
    api_verb_run(request, &permit_add);
}

/* ---- operators ------------------------------------------------------------------------------ */

static void show_pem(struct api_wait *wait, const char *name, struct bytes der)
{
    CLEANUP(blob_free) struct blob pem = {0};
    if (der.n > 0 && pem_write(der, PEM_CERTIFICATE, &pem, NULL) == OK)
        api_put_text(wait->doc, NULL, name, blob_bytes(&pem));
}

static void show_operator(const struct request *request, struct api_wait *wait,
                          const struct msg_verb_answer *answer)
{
    const struct desk *desk = request_owner(request);
    struct bytes root = {0};
    show_pem(wait, "certificate", answer->certificate);
    if (desk->upkeep.authorities != NULL)
        root = authorities_newest_root(desk->upkeep.authorities);
    show_pem(wait, "root", root);
}

/* PEM in `csr` becomes DER, and its key goes to `spki`. */
static enum result read_request(struct asking *asking, struct bytes *csr, struct bytes *spki,
                                struct err *err)
{
    struct x509_csr request = {0};
    const char *why = NULL;
    TRY(api_verb_read_pem(asking, "csr", PEM_CSR, csr, err));
    if (!x509_read_csr(*csr, &request, &why))
        return err_set(err, E_CSR, "csr: %s", why);
    *spki = request.spki;
    return OK;
}

static enum result finish_operator(const struct request *request, struct asking *asking,
                                   struct err *err)
{
    (void)request;
    struct msg_operator_add *ask = &asking->message.operator_add;
    return read_request(asking, &ask->csr, &ask->spki, err);
}

static const struct verb_plan operator_add = {
    .type = IPC_OPERATOR_ADD,
    .shape = &shape_operator_add,
    .finish = finish_operator,
    .show = show_operator,
};

void api_operator_add(struct request *request)
{
    api_verb_run(request, &operator_add);
}

static const struct verb_plan bootstrap = {
    .type = IPC_OPERATOR_ADD,
    .shape = &shape_bootstrap,
    .defaults.operator_add = {.role = ROLE_ADMIN},
    .finish = finish_operator,
    .show = show_operator,
};

void api_bootstrap(struct request *request)
{
    api_verb_run(request, &bootstrap);
}

/* ---- acts of two people --------------------------------------------------------------------- */

static enum result finish_renew(const struct request *request, struct asking *asking,
                                struct err *err)
{
    (void)request;
    struct msg_operator_renew *ask = &asking->message.operator_renew;
    return read_request(asking, &ask->csr, &ask->spki, err);
}

static const struct verb_plan operator_renew = {
    .type = IPC_OPERATOR_RENEW,
    .shape = &shape_operator_renew,
    .finish = finish_renew,
    .show = show_operator,
};

void api_operator_renew(struct request *request)
{
    api_verb_run(request, &operator_renew);
}

static enum result finish_recover(const struct request *request, struct asking *asking,
                                  struct err *err)
{
    struct msg_operator_recover *ask = &asking->message.operator_recover;
    TRY(read_request(asking, &ask->csr, &ask->spki, err));
    return api_read_number("operator", request_view(request)->parameters[0], 1, INT64_MAX,
                           &ask->operator_id, err);
}

static const struct verb_plan operator_recover = {
    .type = IPC_OPERATOR_RECOVER,
    .shape = &shape_operator_recover,
    .finish = finish_recover,
    .show = show_operator,
};

void api_operator_recover(struct request *request)
{
    api_verb_run(request, &operator_recover);
}

static const struct verb_plan operator_settle = {.type = IPC_OPERATOR_SETTLE,
                                                 .shape = &shape_nothing};

void api_operator_settle(struct request *request)
{
    api_verb_run(request, &operator_settle);
}

static enum result finish_set(const struct request *request, struct asking *asking, struct err *err)
{
    struct msg_operator_set *ask = &asking->message.operator_set;
    ask->set_scope = ask->scope.p != NULL;
    return api_read_number("operator", request_view(request)->parameters[0], 1, INT64_MAX,
                           &ask->operator_id, err);
}

static const struct verb_plan operator_set = {
    .type = IPC_OPERATOR_SET,
    .shape = &shape_operator_set,
    .finish = finish_set,
};

void api_operator_set(struct request *request)
{
    api_verb_run(request, &operator_set);
}

static enum result finish_remove(const struct request *request, struct asking *asking,
                                 struct err *err)
{
    return api_read_number("operator", request_view(request)->parameters[0], 1, INT64_MAX,
                           &asking->message.operator_remove.operator_id, err);
}

static const struct verb_plan operator_remove = {
    .type = IPC_OPERATOR_REMOVE,
    .shape = &shape_nothing,
    .finish = finish_remove,
};

void api_operator_remove(struct request *request)
{
    api_verb_run(request, &operator_remove);
}

static enum result finish_approver(const struct request *request, struct asking *asking,
                                   struct err *err)
{
    return api_read_number("operator", request_view(request)->parameters[0], 1, INT64_MAX,
                           &asking->message.approver_set.operator, err);
}

static const struct verb_plan approver_set = {
    .type = IPC_APPROVER_SET,
    .shape = &shape_approver_set,
    .finish = finish_approver,
};

void api_approver_set(struct request *request)
{
    api_verb_run(request, &approver_set);
}

/* ECDSA-Sig-Value in base64. */
static enum result read_signature(struct asking *asking, struct bytes *field, struct err *err)
{
    struct buf signature = buf_over(asking->signature, sizeof asking->signature);
    if (!b64_decode(&signature, *field) || signature.n == 0)
        return err_set(err, E_SYNTAX, "signature: wanted base64 of 1 to %zu octets",
                       sizeof asking->signature);
    *field = buf_bytes(&signature);
    return OK;
}

static enum result finish_sign(const struct request *request, struct asking *asking,
                               struct err *err)
{
    struct msg_approval_sign *ask = &asking->message.approval_sign;
    TRY(read_signature(asking, &ask->signature, err));
    return api_read_number("approval", request_view(request)->parameters[0], 1, INT64_MAX,
                           &ask->approval, err);
}

static const struct verb_plan approval_sign = {
    .type = IPC_APPROVAL_SIGN,
    .shape = &shape_approval_sign,
    .finish = finish_sign,
};

void api_approval_sign(struct request *request)
{
    api_verb_run(request, &approval_sign);
}

static enum result finish_root(const struct request *request, struct asking *asking,
                               struct err *err)
{
    struct msg_approval_root *ask = &asking->message.approval_root;
    TRY(read_signature(asking, &ask->signature, err));
    return api_read_number("approval", request_view(request)->parameters[0], 1, INT64_MAX,
                           &ask->approval, err);
}

static const struct verb_plan approval_root = {
    .type = IPC_APPROVAL_ROOT,
    .shape = &shape_approval_root,
    .finish = finish_root,
};

void api_approval_root(struct request *request)
{
    api_verb_run(request, &approval_root);
}

static enum result finish_withdraw(const struct request *request, struct asking *asking,
                                   struct err *err)
{
    return api_read_number("approval", request_view(request)->parameters[0], 1, INT64_MAX,
                           &asking->message.approval_withdraw.approval, err);
}

static const struct verb_plan approval_withdraw = {
    .type = IPC_APPROVAL_WITHDRAW,
    .shape = &shape_nothing,
    .finish = finish_withdraw,
};

void api_approval_withdraw(struct request *request)
{
    api_verb_run(request, &approval_withdraw);
}

/* ---- transfer of ownership ------------------------------------------------------------------ */

/* What is to be signed. */
static void show_body(const struct request *request, struct api_wait *wait,
                      const struct msg_verb_answer *answer)
{
    (void)request;
    api_put(wait->doc, NULL, shape_to_sign, answer);
}

static const struct verb_plan transfer_release = {
    .type = IPC_TRANSFER_RELEASE,
    .shape = &shape_transfer_release,
    .show = show_body,
};

void api_transfer_release(struct request *request)
{
    api_verb_run(request, &transfer_release);
}

static enum result finish_transfer_sign(const struct request *request, struct asking *asking,
                                        struct err *err)
{
    struct msg_transfer_sign *ask = &asking->message.transfer_sign;
    const struct request_view *view = request_view(request);
    TRY(read_signature(asking, &ask->signature, err));
    TRY(api_read_word("step", view->parameters[1], &words_transfer_step, &ask->step, err));
    return api_read_number("transfer", view->parameters[0], 1, INT64_MAX, &ask->transfer, err);
}

static const struct verb_plan transfer_sign = {
    .type = IPC_TRANSFER_SIGN,
    .shape = &shape_transfer_sign,
    .finish = finish_transfer_sign,
};

void api_transfer_sign(struct request *request)
{
    api_verb_run(request, &transfer_sign);
}

static enum result finish_abort(const struct request *request, struct asking *asking,
                                struct err *err)
{
    return api_read_number("transfer", request_view(request)->parameters[0], 1, INT64_MAX,
                           &asking->message.transfer_abort.transfer, err);
}

static const struct verb_plan transfer_abort = {
    .type = IPC_TRANSFER_ABORT,
    .shape = &shape_nothing,
    .finish = finish_abort,
};

void api_transfer_abort(struct request *request)
{
    api_verb_run(request, &transfer_abort);
}

/* ---- the clock ------------------------------------------------------------------------------ */

static const struct verb_plan clock_accept = {.type = IPC_CLOCK_ACCEPT, .shape = &shape_nothing};

void api_clock_accept(struct request *request)
{
    api_verb_run(request, &clock_accept);
}

/* ---- backups -------------------------------------------------------------------------------- */

/* The root as a checkpoint has it. */
static enum result finish_backup(const struct request *request, struct asking *asking,
                                 struct err *err)
{
    (void)request;
    struct msg_backup_note *ask = &asking->message.backup_note;
    struct buf root = buf_over(asking->signature, sizeof asking->signature);
    if (!b64_decode(&root, ask->root) || root.n != 32)
        return err_set(err, E_SYNTAX, "root: seen \"%s\", wanted base64 of 32 octets",
                       err_value(ask->root).text);
    ask->root = buf_bytes(&root);
    return OK;
}

static const struct verb_plan backup_note = {
    .type = IPC_BACKUP_NOTE,
    .shape = &shape_backup_note,
    .finish = finish_backup,
};

void api_backup_note(struct request *request)
{
    api_verb_run(request, &backup_note);
}
