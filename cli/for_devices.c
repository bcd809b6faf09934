#include <cli/for_devices.h>

#include <wire/cbor.h>
#include <wire/hex.h>

#include <string.h>

#define SEGMENT_MAX 128 /* octets */

enum result for_devices_id(const struct session *session, const char *option,
                           uint8_t ret[FOR_DEVICES_ID_N], bool *ret_is_given, struct err *err)
{
    const char *text = session_text(session, option);
    char digits[2 * FOR_DEVICES_ID_N];
    struct buf hex = buf_over(digits, sizeof digits), b = buf_over(ret, FOR_DEVICES_ID_N);
    *ret_is_given = text != NULL;
    if (text == NULL)
        return OK;
    for (const char *at = text; *at != '\0'; at++)
        if (*at != '-')
            buf_put_u8(&hex, (uint8_t)*at);
    if (!buf_ok(&hex) || hex.n != sizeof digits || !hex_decode(&b, buf_bytes(&hex)))
        return err_set(err, E_USAGE, "%s is \"%s\", wanted is a UUID: 32 hexadecimal digits",
                       option, err_value(bytes_of(text, strlen(text))).text);
    return OK;
}

enum result for_devices_number(const struct session *session, const char *option, uint32_t *ret,
                               bool *ret_is_given, struct err *err)
{
    int64_t number = argument_number(session->args, option, 0);
    *ret_is_given = session_text(session, option) != NULL;
    if (!*ret_is_given)
        return OK;
    if (number < 0 || number > UINT32_MAX)
        return err_set(err, E_USAGE, "%s is %lld, wanted is 0 to %u", option, (long long)number,
                       UINT32_MAX);
    *ret = (uint32_t)number;
    return OK;
}

enum result for_devices_component(const char *text, struct buf *to, struct err *err)
{
    const char *rest = text;
    size_t segments = 1;
    for (const char *at = text; *at != '\0'; at++)
        segments += *at == '/';
    bool is_read = segments <= FOR_DEVICES_SEGMENTS;
    cbor_write_array(to, segments);
    for (size_t i = 0; i < segments && is_read; i++) {
        uint8_t space[SEGMENT_MAX];
        struct buf segment = buf_over(space, sizeof space);
        size_t n = strcspn(rest, "/");
        is_read = hex_decode(&segment, bytes_of(rest, n));
        cbor_write_bytes(to, buf_bytes(&segment));
        rest += n + (rest[n] == '/');
    }
    if (!is_read || !buf_ok(to))
        return err_set(err, E_USAGE,
                       "--component is \"%s\", wanted is HEX[/HEX] such as 00/6f74: at most %d "
                       "segments and %zu octets",
                       err_value(bytes_of(text, strlen(text))).text, FOR_DEVICES_SEGMENTS, to->max);
    return OK;
}
