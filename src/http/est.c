#include "est.h"
#include "front_state.h"
#include "request.h"

#include <base/secret.h>
#include <proto/public.h>
#include <trust/authorise.h>
#include <wire/spread.h>
#include <wire/x509.h>

#include <string.h>

/* RFC 8951 makes it meaningless; Bouncy Castle's client fails without it. */
#define ENCODED                                                                                    \
    {                                                                                              \
        "Content-Transfer-Encoding", "base64"                                                      \
    }
const struct reply_header est_encoded[] = {ENCODED, {NULL, NULL}};

/* ---- what is asked without proof ------------------------------------------------------------- */

/* Old roots and what links them with new ones (RFC 7030 4.1.3) come as roots as well. */
static enum result build_bag(const struct authorities *authorities, enum chain_authority kind,
                             struct blob *bag, struct err *err)
{
    struct bytes certs[LIMIT_AUTHORITIES];
    size_t n = authorities_list(authorities, CHAIN_AUTHORITY_ROOT, certs, LENGTH_OF(certs));
    n += authorities_list(authorities, kind, certs + n, LENGTH_OF(certs) - n);
    size_t total = 0;
    for (size_t i = 0; i < n; i++)
        total += certs[i].n;

    CLEANUP(blob_free) struct blob der = {malloc(EST_CERTS_SPACE(total)), EST_CERTS_SPACE(total)};
    struct blob line = {malloc(B64_ENCODED_MAX(der.n)), B64_ENCODED_MAX(der.n)};
    if (der.p == NULL || line.p == NULL) {
        blob_free(&line);
        return err_set(err, E_MEMORY, "cacerts");
    }
    struct buf space = buf_over(der.p, der.n), out = buf_over(line.p, line.n);
    est_write_certs(&out, &space, certs, n);
    blob_free(bag);
    *bag = (struct blob){line.p, out.n};
    return buf_ok(&out) ? OK : err_set(err, E_BUG, "cacerts of %zu certificates", n);
}

enum result est_build_cacerts(struct front *front, struct err *err)
{
    const struct authorities *authorities = front->upkeep.authorities;
    TRY(build_bag(authorities, CHAIN_AUTHORITY_LDEVID, &front->cacerts, err));
    return build_bag(authorities, CHAIN_AUTHORITY_OPERATIONS, &front->boundary_cacerts, err);
}

static void reply_bag(struct request *request, const struct blob *bag)
{
    request_reply(request, &(struct reply){
                               .status = 200,
                               .media_type = EST_MEDIA_CERTS,
                               .body = blob_bytes(bag),
                               .headers = est_encoded,
                           });
}

void est_cacerts(struct request *request)
{
    const struct front *front = request_owner(request);
    reply_bag(request, &front->cacerts);
}

void est_boundary_cacerts(struct request *request)
{
    const struct front *front = request_owner(request);
    reply_bag(request, &front->boundary_cacerts);
}

/* ---- enrolment ------------------------------------------------------------------------------- */

/* What the connection and the request have shown; a chain goes before a token, a token before the
 * bare key of a self-signed certificate. Whether it is enough, core says. */
static enum credential credential_of(const struct chain_claim *peer, bool has_token)
{
    switch (peer->kind) {
    case CHAIN_FOREIGN:
    case CHAIN_IDEVID:
        return CREDENTIAL_IDEVID;
    case CHAIN_LDEVID:
        return CREDENTIAL_LDEVID;
    case CHAIN_OPERATIONS:
        return CREDENTIAL_OPERATOR;
    case CHAIN_BARE_KEY:
        return has_token ? CREDENTIAL_TOKEN : CREDENTIAL_REGISTERED_TLS;
    case CHAIN_NOBODY:
        break;
    }
    return has_token ? CREDENTIAL_TOKEN : CREDENTIAL_REGISTERED_CSR;
}

static void claim_peer(const struct request_view *view, struct msg_enrol *ret)
{
    const struct chain_claim *peer = view->peer;
    memcpy(ret->peer_spki, peer->spki_hash, sizeof ret->peer_spki);
    ret->peer_serial = bytes_of(peer->serial, peer->serial_n);
    ret->peer_serial_number = bytes_of(peer->serial_number, strlen(peer->serial_number));
    ret->peer_issuer = peer->issuer;
    ret->peer_anchor = peer->anchor;
    ret->peer_not_after_s = peer->not_after_s;
    ret->handshake_s = view->handshake_s;
}

static enum result read_basic(const struct request *request, struct est_basic *ret, struct err *err)
{
    const char *value = request_header(request, "Authorization");
    return value == NULL ? OK : est_read_basic(value, ret, err);
}

static enum result ask_core(struct request *request, enum operation operation,
                            struct est_basic *basic, struct err *err)
{
    struct front *front = request_owner(request);
    const struct request_view *view = request_view(request);
    struct est_request wanted;
    struct buf space = buf_over(front->der, sizeof front->der);
    TRY(read_basic(request, basic, err));
    TRY(est_read_request(view->body, &space, &wanted, err));

    bool has_token = basic->token_n > 0;
    enum credential credential = credential_of(view->peer, has_token);
    struct msg_enrol enrol = {
        .id = view->number,
        .request = bytes_of(view->id, strlen(view->id)),
        .operation = (uint8_t)operation,
        .credential = (uint8_t)credential,
        .label = view->parameters[0],
        .csr_serial_number = wanted.serial_number,
        .spki = wanted.spki,
        .csr = wanted.csr,
    };
    claim_peer(view, &enrol);
    if (credential == CREDENTIAL_TOKEN) {
        enrol.user = bytes_of(basic->user, basic->user_n);
        enrol.token = bytes_of(basic->token, basic->token_n);
    }
    if (operation == OPERATION_REENROL)
        enrol.names_equal = est_keeps_names(&wanted, request_peer_certificate(request));
    return ipc_send(&front->core, IPC_ENROL, &enrol, -1, err);
}

static void enrol(struct request *request, enum operation operation)
{
    CLEANUP(est_basic_wipe) struct est_basic basic = {0};
    struct err err = {0};
    enum result result = ask_core(request, operation, &basic, &err);
    if (result == OK) {
        request_wait(request);
        return;
    }
    if (result == R_UNREACHABLE)
        err_set(&err, E_BUSY, "core is gone");
    request_refuse(request, &err);
}

void est_simpleenroll(struct request *request)
{
    enrol(request, OPERATION_ENROL);
}

void est_simplereenroll(struct request *request)
{
    enrol(request, OPERATION_REENROL);
}

/* ---- core's answer --------------------------------------------------------------------------- */

/* The instant that the server would like this certificate to be renewed at, as RFC 9773 suggests
 * one: each its own. A certificate that our codec does not read would be ours and damaged. */
static bool write_renew_at(struct bytes certificate, char ret[PUBLIC_DATE_N])
{
    struct x509_cert cert;
    const char *why = NULL;
    if (!x509_read_cert(certificate, &cert, &why))
        return false;
    public_write_date(spread_renewal_s(cert.serial, cert.not_before_s, cert.not_after_s), ret);
    return true;
}

static void reply_certificate(struct front *front, struct request *request,
                              struct bytes certificate)
{
    char renew_at[PUBLIC_DATE_N];
    bool has_date = write_renew_at(certificate, renew_at);
    const struct reply_header headers[] = {
        ENCODED, {has_date ? "Renew-At" : NULL, renew_at}, {NULL, NULL}};
    struct buf space = buf_over(front->der, sizeof front->der);
    struct buf line = buf_over(front->base64, sizeof front->base64);
    est_write_certs(&line, &space, &certificate, 1);
    request_reply(request, &(struct reply){
                               .status = 200,
                               .media_type = EST_MEDIA_CERTS_ONLY,
                               .body = buf_bytes(&line),
                               .headers = headers,
                           });
}

void est_take_answer(struct front *front, const struct msg_enrol_answer *answer)
{
    struct request *request = request_find(front->listener, answer->id);
    if (request == NULL)
        return; /* its time was over, or the client is gone; asked again, core repeats itself */
    if (answer->code == 0) {
        reply_certificate(front, request, answer->certificate);
        return;
    }
    struct err err = {0};
    err_set(&err, error_find((enum code)answer->code)->code, "%.*s", (int)answer->text.n,
            (const char *)answer->text.p);
    if (answer->retry_after_s > 0)
        request_refuse_until(request, &err, answer->retry_after_s);
    else
        request_refuse(request, &err);
}
