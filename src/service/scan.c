#include <service/scan.h>

#include "foreign_said.h"
#include "foreign_settle.h"

#include <base/text.h>
#include <registry/holders.h>
#include <service/finding.h>
#include <trust/standing.h>

#include <string.h>

#define AT_PLACE_MAX 8 /* certificates of one place at once: more than two is a wonder */

/* One line under way. */
struct scanning {
    const struct operator_is *who;
    const struct msg_scan_line *line;
    int64_t now_s;
    struct foreign_said said;
    size_t open_n; /* what was at the place before, and did not end */
    struct sighting open[AT_PLACE_MAX];
    uint8_t digests[32 * LIMIT_CHAIN_CERTIFICATES]; /* of the chain */
    size_t digests_n;
    size_t keys_n; /* about which something changes */
    struct touched_key keys[AT_PLACE_MAX + 1];
};

/* ---- places --------------------------------------------------------------------------------- */

static enum result keep_open(void *context, const struct sighting *sighting, struct err *err)
{
    struct scanning *scanning = context;
    (void)err;
    if (scanning->open_n < AT_PLACE_MAX)
        scanning->open[scanning->open_n++] = *sighting;
    return OK;
}

static bool is_of(const struct sighting *sighting, int64_t foreign, int64_t certificate)
{
    return sighting->foreign == foreign && sighting->certificate == certificate;
}

/* Ends what was at the place but is not (`foreign` or `certificate`, both 0: nothing is). */
static enum result end_others(struct service *service, const struct scanning *scanning,
                              int64_t foreign, int64_t certificate, uint32_t *ret_ended,
                              struct err *err)
{
    *ret_ended = 0;
    for (size_t i = 0; i < scanning->open_n; i++) {
        const struct sighting *one = &scanning->open[i];
        if (is_of(one, foreign, certificate))
            continue;
        TRY(store_sighting_ended(service->store, one->id, scanning->now_s, err));
        (*ret_ended)++;
    }
    return OK;
}

/* Once all is as it is now: who came to the place may have the key of who went. */
static enum result settle_others(struct service *service, const struct scanning *scanning,
                                 int64_t foreign, int64_t certificate, struct err *err)
{
    for (size_t i = 0; i < scanning->open_n; i++) {
        const struct sighting *one = &scanning->open[i];
        if (!is_of(one, foreign, certificate) && one->foreign != 0)
            TRY(foreign_settle(service, one->foreign, scanning->now_s, err));
    }
    return OK;
}

/* ---- keys ----------------------------------------------------------------------------------- */

static enum result touch(struct service *service, struct scanning *scanning, const uint8_t spki[32],
                         struct err *err)
{
    for (size_t i = 0; i < scanning->keys_n; i++)
        if (memcmp(scanning->keys[i].spki, spki, 32) == 0)
            return OK;
    return touched_key_before(service, spki, &scanning->keys[scanning->keys_n++], err);
}

/* How the keys stand of what was at the place and of what is there now, before anything changes. */
static enum result touch_keys(struct service *service, struct scanning *scanning, struct err *err)
{
    for (size_t i = 0; i < scanning->open_n; i++)
        TRY(touch(service, scanning, scanning->open[i].spki, err));
    return scanning->said.leaf.n == 0 ? OK : touch(service, scanning, scanning->said.spki, err);
}

static enum result settle_keys(struct service *service, const struct scanning *scanning,
                               struct err *err)
{
    for (size_t i = 0; i < scanning->keys_n; i++)
        TRY(touched_key_settle(service, &scanning->keys[i], scanning->now_s, err));
    return OK;
}

/* ---- seeing --------------------------------------------------------------------------------- */

static const struct sighting *find_open(const struct scanning *scanning, int64_t foreign,
                                        int64_t certificate)
{
    for (size_t i = 0; i < scanning->open_n; i++)
        if (is_of(&scanning->open[i], foreign, certificate))
            return &scanning->open[i];
    return NULL;
}

/* It is at this place, now; *ret_is_new: and was not. */
static enum result see(struct service *service, const struct scanning *scanning, int64_t foreign,
                       int64_t certificate, bool *ret_is_new, struct err *err)
{
    const struct msg_scan_line *line = scanning->line;
    const struct sighting *before = find_open(scanning, foreign, certificate);
    struct bytes chain = bytes_of(scanning->digests, scanning->digests_n);
    struct sighting one = {
        .id = before != NULL ? before->id : 0,
        .foreign = foreign,
        .certificate = certificate,
        .ca_until_s = line->ca_until_s,
        .first_s = scanning->now_s,
        .last_s = scanning->now_s,
    };
    bool fits = text_copy(line->place, one.place, sizeof one.place) &&
                text_copy(line->host, one.host, sizeof one.host) &&
                text_copy(line->protocol, one.protocol, sizeof one.protocol) &&
                text_copy(line->cipher, one.cipher, sizeof one.cipher);
    if (!fits)
        return err_set(err, E_SCAN, "a NUL where a place or a name stands");
    *ret_is_new = before == NULL;
    memcpy(one.spki, scanning->said.spki, sizeof one.spki);
    return before != NULL ? store_sighting_again(service->store, &one, chain, err)
                          : store_put_sighting(service->store, &one, chain, err);
}

/* ---- ours ----------------------------------------------------------------------------------- */

/* Is it one that we issued, by every octet? `ret` has id 0 when it is not. */
static enum result find_ours(struct service *service, const struct scanning *scanning,
                             struct certificate *ret, struct err *err)
{
    uint8_t der[LIMIT_CERTIFICATE_BYTES];
    struct buf stored = buf_over(der, sizeof der);
    struct certificate found = {0};
    *ret = (struct certificate){0};
    if (scanning->line->serial.n != sizeof found.serial)
        return OK;
    enum result result =
        store_certificate_serial(service->store, scanning->line->serial, &found, err);
    if (result == OK)
        result = store_der(service->store, found.id, &stored, err);
    if (result == OK && bytes_equal(buf_bytes(&stored), scanning->said.leaf))
        *ret = found;
    return result == R_NOT_FOUND ? OK : result;
}

static enum result take_ours(struct service *service, const struct scanning *scanning,
                             const struct certificate *ours, struct scan_answer *answer,
                             struct err *err)
{
    bool is_new = false;
    uint32_t ended = 0;
    answer->became = SCAN_BECAME_OURS;
    TRY(end_others(service, scanning, 0, ours->id, &ended, err));
    TRY(see(service, scanning, 0, ours->id, &is_new, err));
    TRY(settle_others(service, scanning, 0, ours->id, err));
    bool is_late =
        certificate_use_is_late((enum cert_state)ours->state, ours->not_after_s, scanning->now_s);
    if (ours->device == 0 || !is_late)
        return OK;
    const struct evidence late = {.check = CHECK_EXPIRED_IN_USE, .certificate = ours->id};
    return finding_note(service, ours->device, &late, scanning->now_s, err);
}

/* ---- another CA's --------------------------------------------------------------------------- */

/* Whose it is: whom the subject names when the anchor of his product signed, or who has its key. */
static enum result find_device(struct service *service, const struct scanning *scanning,
                               int64_t *ret, struct err *err)
{
    const struct msg_scan_line *line = scanning->line;
    struct authority_row anchor = {0};
    *ret = 0;
    if (line->anchor != 0) {
        TRY(store_anchor(service->store, line->anchor, &anchor, err));
        TRY(foreign_named_device(service, anchor.product, line->serial_number, ret, err));
    }
    return *ret != 0 ? OK : holders_device(service->store, scanning->said.spki, ret, err);
}

/* The row that it has: of that very certificate, or one that a list named without it. */
static enum result find_row(struct service *service, const struct scanning *scanning,
                            struct foreign *ret, struct err *err)
{
    const struct msg_scan_line *line = scanning->line;
    *ret = (struct foreign){0};
    enum result result = store_foreign_digest(service->store, scanning->said.digest, ret, err);
    if (result == R_NOT_FOUND && line->anchor != 0)
        result = store_foreign(service->store, line->anchor, line->serial, ret, err);
    if (result != OK)
        return result == R_NOT_FOUND ? OK : result;
    bool is_other = ret->is_read && memcmp(ret->digest, scanning->said.digest, 32) != 0;
    if (is_other || ret->not_after_s != line->not_after_s)
        return err_set(err, E_CONFLICT,
                       "anchor %lld has another certificate of this serial number on record "
                       "(RFC 5280 4.1.2.2: a CA gives each once)",
                       (long long)line->anchor);
    return OK;
}

static enum result create(struct service *service, const struct scanning *scanning, int64_t device,
                          int64_t *ret_row, struct err *err)
{
    const struct msg_scan_line *line = scanning->line;
    uint8_t subject[32];
    TRY(verb_personal(service, line->subject.n > 0 ? line->subject : bytes_text("-"), subject,
                      err));
    struct act *act =
        service_act(service, EVENT_FOREIGN_SEEN, scanning->now_s, scanning->who->actor, device);
    *ret_row = service_next_id(service, TABLE_FOREIGN);
    struct change *c = act_change(act, TABLE_FOREIGN, *ret_row);
    change_int(c, COL_FOREIGN_ANCHOR, line->anchor);
    change_blob(c, COL_FOREIGN_SERIAL, line->serial);
    change_int(c, COL_FOREIGN_DEVICE, device);
    change_blob(c, COL_FOREIGN_SUBJECT, bytes_of(subject, sizeof subject));
    change_int(c, COL_FOREIGN_NOT_AFTER, line->not_after_s);
    change_int(c, COL_FOREIGN_STATE, FOREIGN_VALID);
    change_int(c, COL_FOREIGN_REVOKED_AT, 0);
    change_int(c, COL_FOREIGN_REASON, 0);
    TRY(foreign_said_put(service, c, &scanning->said, err));
    return service_record(service, NULL, err);
}

/* What a list named is here now, and may have found its device. */
static enum result complete(struct service *service, const struct scanning *scanning,
                            const struct foreign *known, int64_t device, struct err *err)
{
    struct act *act =
        service_act(service, EVENT_FOREIGN_SEEN, scanning->now_s, scanning->who->actor, device);
    struct change *c = act_change(act, TABLE_FOREIGN, known->id);
    change_int(c, COL_FOREIGN_DEVICE, device);
    if (!known->is_read)
        TRY(foreign_said_put(service, c, &scanning->said, err));
    TRY(service_record(service, NULL, err));
    return known->device == device
               ? OK
               : foreign_settle_former(service, known->device, scanning->now_s, err);
}

static enum result put_row(struct service *service, const struct scanning *scanning,
                           int64_t *ret_row, struct scan_answer *answer, struct err *err)
{
    struct foreign known = {0};
    int64_t device = 0;
    TRY(find_row(service, scanning, &known, err));
    TRY(find_device(service, scanning, &device, err));
    if (device == 0)
        device = known.device; /* a list named it, and the list's CA signed */
    *ret_row = known.id;
    answer->is_unlinked = device == 0;
    answer->became = SCAN_BECAME_KNOWN;
    if (known.id == 0) {
        answer->became = SCAN_BECAME_NEW;
        return create(service, scanning, device, ret_row, err);
    }
    if (known.is_read && known.device == device)
        return OK;
    answer->became = SCAN_BECAME_CHANGED;
    return complete(service, scanning, &known, device, err);
}

static enum result take_foreign(struct service *service, const struct scanning *scanning,
                                struct scan_answer *answer, struct err *err)
{
    int64_t row = 0;
    bool is_new = false;
    uint32_t ended = 0;
    TRY(put_row(service, scanning, &row, answer, err));
    TRY(end_others(service, scanning, row, 0, &ended, err));
    TRY(see(service, scanning, row, 0, &is_new, err));
    TRY(settle_others(service, scanning, row, 0, err));
    if (is_new && answer->became == SCAN_BECAME_KNOWN)
        answer->became = SCAN_BECAME_CHANGED;
    return foreign_settle(service, row, scanning->now_s, err);
}

/* ---- a line --------------------------------------------------------------------------------- */

static enum result take_nothing(struct service *service, const struct scanning *scanning,
                                struct scan_answer *answer, struct err *err)
{
    uint32_t ended = 0;
    if (scan_shows_nothing((enum scan_outcome)scanning->line->outcome)) {
        TRY(end_others(service, scanning, 0, 0, &ended, err));
        TRY(settle_others(service, scanning, 0, 0, err));
    }
    answer->became = ended > 0 ? SCAN_BECAME_GONE : SCAN_BECAME_NOTHING;
    return OK;
}

/* The certificate, its chain as evidence, and how everything stands before it is taken. */
static enum result read_line(struct service *service, struct scanning *scanning, struct err *err)
{
    const struct msg_scan_line *line = scanning->line;
    struct buf digests = buf_over(scanning->digests, sizeof scanning->digests);
    TRY(store_sightings_at(service->store, line->place, keep_open, scanning, err));
    if (line->outcome == SCAN_SEEN) {
        TRY(foreign_said_of_scan(line, &scanning->said, err));
        if (scanning->said.leaf.n == 0 || line->serial.n == 0)
            return err_set(err, E_SCAN, "seen, and no certificate came along");
        TRY(foreign_keep_chain(service, line->chain, &digests, err));
        scanning->digests_n = digests.n;
    }
    return touch_keys(service, scanning, err);
}

static enum result judge(struct service *service, struct scanning *scanning,
                         struct scan_answer *answer, struct err *err)
{
    struct certificate ours = {0};
    TRY(read_line(service, scanning, err));
    if (scanning->line->outcome != SCAN_SEEN) {
        TRY(take_nothing(service, scanning, answer, err));
    } else {
        TRY(find_ours(service, scanning, &ours, err));
        TRY(ours.id != 0 ? take_ours(service, scanning, &ours, answer, err)
                         : take_foreign(service, scanning, answer, err));
    }
    return settle_keys(service, scanning, err);
}

enum result scan_line(struct service *service, const struct operator_is *who,
                      const struct msg_scan_line *line, int64_t now_s, struct scan_answer *ret,
                      struct err *err)
{
    struct scanning scanning = {.who = who, .line = line, .now_s = now_s};
    struct scan_answer answer = {0};
    enum result result = judge(service, &scanning, &answer, &answer.why);
    if (result_is_ours(result)) {
        *err = answer.why;
        return result;
    }
    if (result != OK)
        answer.became = SCAN_BECAME_REFUSED;
    *ret = answer;
    return OK;
}
