/* Webhooks: events for receivers, signed as Standard Webhooks 1.0.0 says (v1a, Ed25519). What is
 * signed has no room for a context of its own; so the key has no other use, and nothing else is
 * signed by it. */
#include "session.h"

#include <base/text.h>
#include <wire/buf.h>

#include <stdio.h>

#define TEXT_MAX (WEBHOOK_MESSAGE_MAX + 24 + WEBHOOK_BODY_MAX)

/* No full stop can stand in it, which is what ends it in the text. */
static bool is_message_id(struct bytes id)
{
    bool good = id.n > 0;
    for (size_t i = 0; good && i < id.n; i++)
        good = (id.p[i] >= 'a' && id.p[i] <= 'z') || (id.p[i] >= '0' && id.p[i] <= '9') ||
               id.p[i] == '_';
    return good;
}

static enum result sign(struct session *session, const struct msg_sign_webhook *message,
                        struct key_signature *ret, struct err *err)
{
    uint8_t space[TEXT_MAX];
    char at[24];
    struct buf text = buf_over(space, sizeof(space));

    if (!is_message_id(message->message))
        return err_set(err, E_SYNTAX, "a webhook's id: 1 to %d of a-z, 0-9 and _ are wanted",
                       WEBHOOK_MESSAGE_MAX);
    if (message->at_s < 0 || message->body.n == 0 || message->body.p[0] != '{')
        return err_set(err, E_SYNTAX, "a webhook's instant or body is none");
    snprintf(at, sizeof(at), ".%lld.", (long long)message->at_s);
    buf_put_bytes(&text, message->message);
    buf_put_bytes(&text, text_bytes(at));
    buf_put_bytes(&text, message->body);
    if (!buf_ok(&text))
        return err_set(err, E_BUG, "no room for a webhook");
    return session->backend->sign(session->keys, SIGNER_KEY_WEBHOOK, buf_bytes(&text), ret, err);
}

enum result sign_webhook_now(struct session *session, const struct msg_sign_webhook *message,
                             struct err *err)
{
    struct err why = {0};
    struct key_signature signature = {.n = 0};
    struct msg_signed_webhook answer = {.id = message->id};

    if (sign(session, message, &signature, &why) != OK) {
        answer.code = why.code;
        answer.text = text_bytes(why.text);
    }
    answer.signature = key_signature_bytes(&signature);
    return session_send(session, IPC_SIGNED_WEBHOOK, &answer, -1, err);
}

enum result tell_webhook_key(struct session *session, struct err *err)
{
    struct msg_webhook_key key;
    struct bytes point = session->backend->point(session->keys, SIGNER_KEY_WEBHOOK);

    if (point.n != sizeof(key.key))
        return err_set(err, E_KEY, "the webhooks' key has %zu octets, Ed25519 has %zu", point.n,
                       sizeof(key.key));
    memcpy(key.key, point.p, sizeof(key.key));
    return session_send(session, IPC_WEBHOOK_KEY, &key, -1, err);
}
