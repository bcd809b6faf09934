#include <service/verb.h>

#include <base/rand.h>
#include <crypto/hash.h>
#include <service/finding.h>
#include <service/token.h>
#include <wire/hex.h>

static enum result check_state(struct service *service, const struct subject *subject,
                               int64_t now_s, struct err *err)
{
    struct permit permit = {0};
    enum device_state state = (enum device_state)subject->device.state;
    enum result result = store_open_permit(service->store, subject->device.id, now_s, &permit, err);
    if (result != OK && result != R_NOT_FOUND)
        return result;
    if (device_takes_token(state, result == OK))
        return OK;
    return err_set(err, E_CONFLICT,
                   "the device is %s; a token is for one that is expected or enrolled, or retired "
                   "with a permit",
                   device_state_word(state));
}

/* What expired gives up its place: the verbs that end what is open end all of it in one entry. */
static enum result make_room(struct service *service, int64_t device, int64_t now_s,
                             struct err *err)
{
    struct token open[LIMIT_DOORS];
    size_t n = 0, kept = 0;
    TRY(store_open_tokens(service->store, device, open, LIMIT_DOORS, &n, err));
    for (size_t i = 0; i < n; i++) {
        bool is_over = open[i].expires_at_s < now_s;
        kept += !is_over;
        if (is_over)
            change_int(act_change(&service->act, TABLE_TOKEN, open[i].id), COL_TOKEN_STATE, 3);
    }
    if (kept == LIMIT_DOORS)
        return err_set(err, E_CONFLICT, "the device has %d open tokens already", LIMIT_DOORS);
    return OK;
}

enum result token_make(int64_t wanted_s, struct token_made *ret, struct err *err)
{
    static char text[TOKEN_OCTETS * 2 + 1]; /* lives until the answer is encoded */
    uint8_t random[TOKEN_OCTETS];
    if (wanted_s < 0 || wanted_s > TOKEN_TTL_MAX_S)
        return err_set(err, E_SYNTAX, "ttl %lld s: 1 to %d is wanted", (long long)wanted_s,
                       TOKEN_TTL_MAX_S);
    rand_bytes(random, sizeof random);
    struct buf hex = buf_over(text, sizeof text);
    hex_encode(&hex, bytes_of(random, sizeof random));
    ret->secret = buf_bytes(&hex);
    ret->ttl_s = wanted_s != 0 ? wanted_s : TOKEN_TTL_S;
    sha256(ret->secret, ret->hash);
    return OK;
}

enum result verb_token_add(struct service *service, const struct operator_is *who,
                           const struct msg_token_add *ask, int64_t now_s,
                           struct msg_verb_answer *answer, struct err *err)
{
    struct token_made token;
    struct subject subject = {0};
    TRY(verb_allow(who, OPERATE_DEVICE, NULL, err));
    TRY(verb_subject(service, who, ask->product, ask->serial_number, &subject, err));
    TRY(check_state(service, &subject, now_s, err));
    TRY(token_make(ask->ttl_s, &token, err));

    struct act *act = service_act(service, EVENT_TOKEN_ADDED, now_s, who->actor, subject.device.id);
    TRY(make_room(service, subject.device.id, now_s, err));
    answer->object = service_next_id(service, TABLE_TOKEN);
    struct change *c = act_change(act, TABLE_TOKEN, answer->object);
    change_int(c, COL_TOKEN_DEVICE, subject.device.id);
    change_blob(c, COL_TOKEN_HASH, bytes_of(token.hash, SHA256_N));
    change_int(c, COL_TOKEN_EXPIRES_AT, now_s + token.ttl_s);
    change_int(c, COL_TOKEN_STATE, 1);
    answer->created = 1;
    answer->secret = token.secret;
    TRY(service_record(service, &answer->entry, err));
    return finding_settle(service, subject.device.id, now_s, err);
}
