#include <gate/judge.h>

#include <crypto/hash.h>
#include <wire/b64.h>

#include <stdlib.h>
#include <string.h>

#define VERIFIED                                                                                   \
    1024 /* certificates that were verified, each in the one place that it may be in               \
          */

struct verified {
    uint8_t digest[SHA256_N]; /* of what came; zeros: empty */
    uint64_t service_generation;
    struct boundary_identity identity;
};

struct gate {
    struct boundary *boundary;
    struct verified verified[VERIFIED];
};

enum result gate_new(struct boundary *boundary, struct gate **ret, struct err *err)
{
    struct gate *gate = calloc(1, sizeof *gate);
    if (gate == NULL)
        return err_set(err, E_MEMORY, "no memory for a gate");
    gate->boundary = boundary;
    *ret = gate;
    return OK;
}

void gate_free(struct gate *gate)
{
    free(gate);
}

/* ---- who it is ------------------------------------------------------------------------------- */

static uint64_t number_of(const uint8_t octets[8])
{
    uint64_t n = 0;
    memcpy(&n, octets, sizeof n);
    return n;
}

/* A whole certificate: verified to its issuer's key once, and found again by its digest while the
 * issuers are the same. */
static enum boundary_reason verify(struct gate *gate, const struct gate_head *head, int64_t now_s,
                                   struct boundary_identity *ret)
{
    uint8_t digest[SHA256_N], space[GATE_VALUE_MAX];
    bool is_pem = head->pem.n > 0;
    sha256(is_pem ? head->pem : head->der, digest);
    struct boundary_standing standing;
    boundary_stand(gate->boundary, &standing);
    struct verified *place = &gate->verified[number_of(digest) % VERIFIED];
    bool is_known = memcmp(place->digest, digest, sizeof digest) == 0 &&
                    place->service_generation == standing.service_generation &&
                    now_s <= place->identity.not_after_s;
    if (is_known) {
        *ret = place->identity;
        return BOUNDARY_ADMITTED;
    }
    struct buf der = buf_over(space, sizeof space);
    if (!is_pem && !b64_decode(&der, head->der))
        return BOUNDARY_UNREADABLE;
    enum boundary_reason reason =
        is_pem ? boundary_verify_escaped(gate->boundary, head->pem, now_s, ret)
               : boundary_verify_der(gate->boundary, buf_bytes(&der), now_s, ret);
    if (reason == BOUNDARY_ADMITTED)
        *place =
            (struct verified){.service_generation = standing.service_generation, .identity = *ret};
    if (reason == BOUNDARY_ADMITTED)
        memcpy(place->digest, digest, sizeof digest);
    return reason;
}

/* nginx sends no header that is empty; Caddy leaves its placeholder, braces and all. */
static bool shows_none(const struct gate_head *head)
{
    bool has_words = head->verify.n + head->serial.n > 0;
    bool has_der = head->der.n > 0 && head->der.p[0] != '{';
    return !has_words && !has_der && head->pem.n == 0;
}

static enum boundary_reason identify(struct gate *gate, const struct gate_head *head, int64_t now_s,
                                     struct boundary_identity *ret)
{
    if (shows_none(head))
        return BOUNDARY_NO_CERTIFICATE;
    if (head->pem.n > 0 || head->der.n > 0)
        return verify(gate, head, now_s, ret);
    const struct boundary_proxy_words words = {
        .verify = head->verify,
        .issuer = head->issuer,
        .subject = head->subject,
        .serial = head->serial,
        .until = head->until,
    };
    return boundary_from_proxy(gate->boundary, &words, ret);
}

/* ---- what is reported ------------------------------------------------------------------------ */

static void tell(struct gate *gate, const struct gate_head *head, const struct gate_answer *answer)
{
    bool is_admitted = answer->reason == BOUNDARY_ADMITTED;
    if (!answer->has_identity)
        return;
    boundary_report(gate->boundary,
                    &(struct boundary_event){
                        .kind = is_admitted ? BOUNDARY_REPORT_ADMITTED : BOUNDARY_REPORT_REFUSED,
                        .identity = &answer->identity,
                        .service = head->service,
                        .reason = answer->reason,
                    });
}

/* ---- the answer ------------------------------------------------------------------------------ */

struct gate_answer gate_judge(struct gate *gate, const struct gate_head *head, int64_t now_s)
{
    struct gate_answer answer = {.reason = BOUNDARY_REFUSED};
    answer.reason = identify(gate, head, now_s, &answer.identity);
    answer.has_identity = answer.reason == BOUNDARY_ADMITTED;
    if (answer.has_identity)
        answer.reason = boundary_decide(gate->boundary, &answer.identity, head->service,
                                        BOUNDARY_REQUEST, head->path);
    tell(gate, head, &answer);
    return answer;
}

unsigned gate_status(enum boundary_reason reason)
{
    if (reason == BOUNDARY_ADMITTED)
        return 204;
    return reason == BOUNDARY_NO_CERTIFICATE ? 401 : 403;
}
