// Status lists: signature, form, place, state, time; in that order.
#include "signers.h"
#include <troth/same.h>

#include <troth/status.h>
#include <wire/cose.h>
#include <wire/status_list.h>

static enum troth_verdict check_signature(const struct troth_status_terms *terms,
                                          const struct cose_sign1 *message, uint32_t *ret_signers)
{
    struct signers signers = {terms->crypto, terms->keys, TROTH_USE_STATUS, 0, TROTH_UNSIGNED};
    uint8_t space[COSE_SIGNED_HEAD_MAX];
    struct buf head = buf_over(space, sizeof space);
    cose_signed_head(&head, message);
    if (!buf_ok(&head))
        return TROTH_MALFORMED;
    const struct troth_octets parts[] = {{head.p, head.n},
                                         {message->payload.p, message->payload.n}};
    const struct claim claim = {
        TROTH_ES256, {parts, 2}, {message->signature.p, message->signature.n}};
    signers_count(&signers, &claim);
    *ret_signers = signers.found;
    return signers_judge(&signers);
}

// What the list says of a place that it has; the bits of the octet in which it is.
static enum troth_verdict check_state(const struct troth_status_terms *terms,
                                      const struct status_list *list, uint32_t index)
{
    const struct troth_octets compressed = {list->compressed.p, list->compressed.n};
    uint8_t octet = 0xff; // replaced, as far as nobody says better
    if (terms->inflate == NULL)
        return TROTH_UNSUPPORTED;
    if (!terms->inflate(terms->context, compressed, status_octets(list->high), index / 4, &octet))
        return TROTH_MALFORMED;
    uint32_t state = octet >> index % 4 * 2 & 3u;
    if (state == STATUS_SUSPENDED)
        return TROTH_SUSPENDED;
    return valid_if_zero(state ^ (uint32_t)STATUS_VALID, TROTH_REVOKED);
}

static enum troth_verdict judge(const struct troth_status_terms *terms,
                                const struct status_list *list,
                                const struct troth_status_place *place)
{
    uint32_t index = place->number % STATUS_SHARD_SIZE;
    struct status_space space = status_space_of(place->issuer, place->expiry_class, place->number);
    if (list->generation < terms->generation)
        return TROTH_OLDER_SEQUENCE;
    if (!status_space_is(list->space, space) || index >= list->high)
        return TROTH_MISSING;
    enum troth_verdict state = check_state(terms, list, index);
    if (state != TROTH_VALID)
        return state;
    return both(state, troth_time_judge(terms->time, list->issued_s, list->expires_s));
}

enum troth_verdict troth_status_verify(const struct troth_status_terms *terms,
                                       struct troth_octets octets,
                                       const struct troth_status_place *place,
                                       struct troth_status *ret, struct troth_fault *ret_fault)
{
    struct cose_sign1 message;
    struct status_list list;
    uint32_t signers;
    const char *why;
    ret_fault->offset = 0;
    if (!cose_sign1_read(bytes_of(octets.p, octets.n), &message, &why))
        return TROTH_MALFORMED;
    // Signatures come first: nothing of a stranger's is read.
    enum troth_verdict signed_by = check_signature(terms, &message, &signers);
    if (signed_by != TROTH_VALID)
        return signed_by;
    if (!bytes_equal(message.type, bytes_text(STATUS_LIST_TYPE)))
        return TROTH_MALFORMED;
    ret_fault->offset = (size_t)(message.payload.p - octets.p);
    if (!status_list_read(message.payload, &list, &why))
        return TROTH_MALFORMED;
    troth_time_raise(terms->time, list.issued_s);
    *ret = (struct troth_status){list.generation, list.issued_s, list.expires_s, signers};
    return both(signed_by, judge(terms, &list, place));
}
