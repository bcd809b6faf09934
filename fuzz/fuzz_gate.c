// Lines "Name: value" as a proxy's headers: each is taken once within its limit, passed over, or
// refused by its rule; what passes the check has a service, a path and at most one proof.
#include "fuzz.h"

#include <gate/head.h>

static struct bytes cut_line(struct bytes *rest)
{
    const uint8_t *end = memchr(rest->p, '\n', rest->n);
    struct bytes line = bytes_of(rest->p, end != NULL ? (size_t)(end - rest->p) : rest->n);
    size_t gone = line.n + (end != NULL);
    *rest = bytes_of(rest->p + gone, rest->n - gone);
    return line;
}

static bool put_line(struct gate_head *head, struct bytes line, struct err *err)
{
    const uint8_t *colon = memchr(line.p, ':', line.n);
    size_t n = colon != NULL ? (size_t)(colon - line.p) : line.n;
    size_t gone = n + (colon != NULL);
    struct bytes value = bytes_of(line.p + gone, line.n - gone);
    if (gate_head_put(head, bytes_of(line.p, n), value, err) == OK)
        return true;
    must(err->code == E_SYNTAX);
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gate_head head = {0};
    struct err err = {0};
    struct bytes rest = bytes_of(data, size);
    while (rest.n > 0)
        if (!put_line(&head, cut_line(&rest), &err))
            return 0;
    if (gate_head_check(&head, &err) != OK) {
        must(err.code == E_SYNTAX);
        return 0;
    }
    bool has_words =
        head.verify.n + head.issuer.n + head.subject.n + head.serial.n + head.until.n > 0;
    must(head.service.n > 0 && head.path.n > 0 && head.path.n <= GATE_VALUE_MAX);
    must(has_words + (head.pem.n > 0) + (head.der.n > 0) <= 1);
    return 0;
}
