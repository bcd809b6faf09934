#include <proto/est.h>

#include <base/secret.h>
#include <wire/b64.h>

#include <string.h>
#include <strings.h>

#define DECODED_MAX (LIMIT_SERIAL_NUMBER + 1 + LIMIT_TOKEN)

static enum result refuse(struct err *err, const char *seen, const char *wanted)
{
    return err_set(err, E_PROOF, "RFC 7617 2, Authorization: saw %s, want %s", seen, wanted);
}

static bool has_control(struct bytes text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] < 0x20 || text.p[i] == 0x7f)
            return true;
    return false;
}

static enum result split(struct bytes decoded, struct est_basic *ret, struct err *err)
{
    const uint8_t *colon = decoded.n == 0 ? NULL : memchr(decoded.p, ':', decoded.n);
    if (colon == NULL)
        return refuse(err, "no colon", "serial-number:token");
    if (has_control(decoded))
        return refuse(err, "a control character", "none");
    struct bytes user = bytes_slice(decoded, 0, (size_t)(colon - decoded.p));
    struct bytes token = bytes_slice(decoded, user.n + 1, decoded.n);
    if (user.n == 0 || user.n > LIMIT_SERIAL_NUMBER)
        return refuse(err, "a serial number of that length", "1 to 64 octets");
    if (token.n == 0 || token.n > LIMIT_TOKEN)
        return refuse(err, "a token of that length", "1 to 64 octets");
    memcpy(ret->user, user.p, user.n);
    memcpy(ret->token, token.p, token.n);
    ret->user_n = user.n;
    ret->token_n = token.n;
    return OK;
}

enum result est_read_basic(const char *value, struct est_basic *ret, struct err *err)
{
    *ret = (struct est_basic){0};
    if (strncasecmp(value, "Basic ", 6) != 0)
        return refuse(err, "another scheme", "Basic");
    value += strspn(value + 5, " ") + 5;
    struct bytes text = bytes_of(value, strlen(value));
    uint8_t memory[DECODED_MAX + 3];
    struct buf decoded = buf_over(memory, sizeof memory);
    if (text.n > B64_ENCODED_MAX(DECODED_MAX))
        return refuse(err, "more than both limits together", "at most 64 octets each");
    enum result result = b64_decode(&decoded, text) ? split(buf_bytes(&decoded), ret, err)
                                                    : refuse(err, "no base64", "RFC 4648 4");
    secret_wipe(memory, sizeof memory);
    return result;
}

void est_basic_wipe(struct est_basic *basic)
{
    secret_wipe(basic, sizeof *basic);
}
