/* csrattrs: what a request for this product should look like (RFC 9908). Nothing of a request
 * enters a certificate but its key, so the template says which key, and the subject that the
 * certificate will have; no extension is asked for. */
#include "est.h"
#include "front_state.h"
#include "request.h"

#include <trust/words.h>

#include <string.h>

/* A template names one kind of key: the first of these that the product takes. */
static const struct {
    enum key_algorithm algorithm;
    enum x509_key_alg key;
    uint32_t rsa_bits;
} wishes[KEY_ALG_COUNT] = {
    {KEY_ALG_P256, X509_KEY_P256, 0},
    {KEY_ALG_ED25519, X509_KEY_ED25519, 0},
    {KEY_ALG_P384, X509_KEY_P384, 0},
    {KEY_ALG_RSA, X509_KEY_RSA, 3072}, /* 128 bits of strength: SP 800-57 */
};

/* The label, else the product of the anchor that the client's chain ends in. */
static struct bytes product_of(const struct request_view *view)
{
    if (view->parameters[0].n > 0)
        return view->parameters[0];
    return bytes_of(view->peer->product, strlen(view->peer->product));
}

/* The label is the stranger's. */
static void refuse_name(struct request *request)
{
    struct err err = {0};
    err_set(&err, E_NOT_FOUND, "no product can have that name");
    request_refuse(request, &err);
}

static void reply(struct front *front, struct request *request, uint32_t keys)
{
    struct csrattrs wish = {.organizational_unit = product_of(request_view(request)),
                            .wants_serial_number = true};
    struct buf space = buf_over(front->der, sizeof front->der);
    struct buf line = buf_over(front->base64, sizeof front->base64);
    for (size_t i = 0; i < LENGTH_OF(wishes) && wish.key == X509_KEY_OTHER; i++)
        if (keys & 1U << wishes[i].algorithm) {
            wish.key = wishes[i].key;
            wish.rsa_bits = wishes[i].rsa_bits;
        }
    est_write_csrattrs(&line, &space, &wish);
    if (!buf_ok(&line)) {
        refuse_name(request);
        return;
    }
    request_reply(request, &(struct reply){
                               .status = 200,
                               .media_type = EST_MEDIA_CSRATTRS,
                               .body = buf_bytes(&line),
                               .headers = est_encoded,
                           });
}

void est_csrattrs(struct request *request)
{
    struct front *front = request_owner(request);
    const struct request_view *view = request_view(request);
    struct msg_csrattrs ask = {.id = view->number, .label = product_of(view)};
    struct err err = {0};
    if (ask.label.n > LIMIT_NAME) {
        refuse_name(request);
        return;
    }
    if (ask.label.n == 0) {
        reply(front, request, 1U << KEY_ALG_P256);
        return;
    }
    enum result result = ipc_send(&front->core, IPC_CSRATTRS, &ask, -1, &err);
    if (result == OK) {
        request_wait(request);
        return;
    }
    if (result == R_UNREACHABLE)
        err_set(&err, E_BUSY, "core is gone");
    request_refuse(request, &err);
}

void est_take_csrattrs(struct front *front, const struct msg_csrattrs_answer *answer)
{
    struct request *request = request_find(front->listener, answer->id);
    struct err err = {0};
    if (request == NULL)
        return; /* its time was over, or the client is gone */
    if (answer->code == E_NONE) {
        reply(front, request, answer->keys);
        return;
    }
    err_set(&err, error_find((enum code)answer->code)->code, "core cannot say");
    request_refuse_until(request, &err, 1);
}
