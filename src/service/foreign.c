#include <service/foreign.h>

#include "foreign_said.h"
#include "foreign_settle.h"

#include <base/text.h>
#include <trust/words.h>

#include <string.h>

#define REASON_HOLD 6 /* certificateHold, RFC 5280 5.3.1: the one that ends */
#define REASON_MAX 10

enum result foreign_issuer(struct service *service, int64_t anchor, struct authority_row *ret,
                           struct err *err)
{
    enum result result = store_anchor(service->store, anchor, ret, err);
    if (result == R_NOT_FOUND)
        return err_set(err, E_NOT_FOUND, "there is no anchor %lld", (long long)anchor);
    TRY(result);
    if (ret->use == ANCHOR_MANIFEST)
        return err_set(err, E_CONFLICT, "anchor %lld signs manifests, no certificates",
                       (long long)anchor);
    return OK;
}

static enum result check_line(const struct msg_foreign_line *line, struct err *why)
{
    if (line->serial.n == 0 || line->serial.p[0] == 0)
        return err_set(why, E_FOREIGN,
                       "RFC 5280 4.1.2.2: the serial number is not 1 to 20 octets "
                       "above zero");
    if (line->is_revoked && (line->reason > REASON_MAX || line->reason == 7))
        return err_set(why, E_FOREIGN, "RFC 5280 5.3.1: there is no reason %u", line->reason);
    return OK;
}

static int state_of(const struct msg_foreign_line *line)
{
    return line->is_revoked ? FOREIGN_REVOKED : FOREIGN_VALID;
}

/* What may change, as `line` has it. */
static void put_state(struct change *c, const struct msg_foreign_line *line, int64_t device)
{
    change_int(c, COL_FOREIGN_DEVICE, device);
    change_int(c, COL_FOREIGN_STATE, state_of(line));
    change_int(c, COL_FOREIGN_REVOKED_AT, line->is_revoked ? line->revoked_s : 0);
    change_int(c, COL_FOREIGN_REASON, line->is_revoked ? line->reason : 0);
}

/* A line with its certificate, and what that one says. */
struct judged_line {
    const struct msg_foreign_line *line;
    struct foreign_said said;
    int64_t device; /* 0 = none that we know */
};

static enum result create(struct service *service, const struct authority_row *issuer,
                          const struct judged_line *judged, struct act *act, int64_t *ret_row,
                          struct err *err)
{
    const struct msg_foreign_line *line = judged->line;
    uint8_t subject[32];
    struct bytes name = line->subject.n > 0 ? line->subject : bytes_text("-");
    TRY(verb_personal(service, name, subject, err));
    *ret_row = service_next_id(service, TABLE_FOREIGN);
    struct change *c = act_change(act, TABLE_FOREIGN, *ret_row);
    change_int(c, COL_FOREIGN_ANCHOR, issuer->id);
    change_blob(c, COL_FOREIGN_SERIAL, line->serial);
    change_blob(c, COL_FOREIGN_SUBJECT, bytes_of(subject, sizeof subject));
    change_int(c, COL_FOREIGN_NOT_AFTER, line->not_after_s);
    put_state(c, line, judged->device);
    if (judged->said.leaf.n > 0)
        TRY(foreign_said_put(service, c, &judged->said, err));
    return service_record(service, NULL, err);
}

/* A list that is older than what is on record, or another CA's. */
static enum result check_known(const struct foreign *known, const struct msg_foreign_line *line,
                               struct err *why)
{
    if (known->not_after_s != line->not_after_s)
        return err_set(why, E_CONFLICT,
                       "the certificate of this serial number ends at %lld, the list says %lld",
                       (long long)known->not_after_s, (long long)line->not_after_s);
    bool is_final = known->state == FOREIGN_REVOKED && known->reason != REASON_HOLD;
    if (is_final && !line->is_revoked)
        return err_set(why, E_CONFLICT, "it is on record as revoked; the list is older");
    return OK;
}

static bool is_same(const struct foreign *known, const struct judged_line *judged)
{
    const struct msg_foreign_line *line = judged->line;
    bool is_news = judged->said.leaf.n > 0 && !known->is_read;
    if (known->device != judged->device || known->state != state_of(line) || is_news)
        return false;
    return !line->is_revoked ||
           (known->revoked_at_s == line->revoked_s && known->reason == line->reason);
}

static enum result find_known(struct service *service, const struct authority_row *issuer,
                              const struct msg_foreign_line *line, struct foreign *ret,
                              struct err *why)
{
    enum result result = store_foreign(service->store, issuer->id, line->serial, ret, why);
    if (result == R_NOT_FOUND) {
        *ret = (struct foreign){0};
        return OK;
    }
    TRY(result);
    return check_known(ret, line, why);
}

/* The certificate of that serial number is that very one. */
static enum result check_digest(const struct foreign *known, const struct foreign_said *said,
                                struct err *why)
{
    if (known->is_read && said->leaf.n > 0 && memcmp(known->digest, said->digest, 32) != 0)
        return err_set(why, E_CONFLICT,
                       "another certificate of this serial number is on record "
                       "(RFC 5280 4.1.2.2: a CA gives each once)");
    return OK;
}

static enum result change(struct service *service, const struct foreign *known,
                          const struct judged_line *judged, struct act *act, struct err *err)
{
    struct change *c = act_change(act, TABLE_FOREIGN, known->id);
    put_state(c, judged->line, judged->device);
    if (judged->said.leaf.n > 0 && !known->is_read)
        TRY(foreign_said_put(service, c, &judged->said, err));
    return service_record(service, NULL, err);
}

/* Records the line, and judges anew whom it changes. */
static enum result record(struct service *service, const struct foreign_list *list,
                          const struct judged_line *judged, const struct foreign *known,
                          struct err *why)
{
    struct touched_key key = {0};
    int64_t row = known->id;
    const uint8_t *spki = judged->said.leaf.n > 0 ? judged->said.spki : known->spki;
    bool has_key = judged->said.leaf.n > 0 || known->is_read;
    if (has_key)
        TRY(touched_key_before(service, spki, &key, why));
    struct act *act =
        service_act(service, EVENT_FOREIGN_RECORDED, list->now_s, list->who->actor, judged->device);
    TRY(row == 0 ? create(service, list->issuer, judged, act, &row, why)
                 : change(service, known, judged, act, why));
    TRY(foreign_settle(service, row, list->now_s, why));
    if (known->device != judged->device)
        TRY(foreign_settle_former(service, known->device, list->now_s, why));
    return has_key ? touched_key_settle(service, &key, list->now_s, why) : OK;
}

static enum result judge(struct service *service, const struct foreign_list *list,
                         const struct msg_foreign_line *line, struct import_answer *answer)
{
    struct err *why = &answer->why;
    struct foreign known = {0};
    struct judged_line judged = {.line = line};
    TRY(check_line(line, why));
    TRY(foreign_said_of_line(line, &judged.said, why));
    TRY(foreign_named_device(service, list->issuer->product, line->serial_number, &judged.device,
                             why));
    TRY(find_known(service, list->issuer, line, &known, why));
    TRY(check_digest(&known, &judged.said, why));
    answer->is_unlinked = judged.device == 0;
    answer->did = IMPORT_UNCHANGED;
    if (known.id != 0 && is_same(&known, &judged))
        return OK;
    answer->did = known.id == 0 ? IMPORT_CREATED : IMPORT_CHANGED;
    return record(service, list, &judged, &known, why);
}

enum result foreign_line(struct service *service, const struct foreign_list *list,
                         const struct msg_foreign_line *line, struct import_answer *ret_answer,
                         struct err *err)
{
    struct import_answer answer = {.did = IMPORT_REFUSED};
    enum result result = judge(service, list, line, &answer);
    if (result_is_ours(result)) {
        *err = answer.why;
        return result;
    }
    if (result != OK)
        answer.did = IMPORT_REFUSED;
    *ret_answer = answer;
    return OK;
}
