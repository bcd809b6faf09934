#include <gate/head.h>

#include <base/text.h>

#include <stddef.h>
#include <strings.h>

#define OURS "X-Troth-"

static const struct {
    const char *name;
    size_t at; /* in struct gate_head */
} rows[] = {
    {"X-Troth-Verify", offsetof(struct gate_head, verify)},
    {"X-Troth-Issuer", offsetof(struct gate_head, issuer)},
    {"X-Troth-Subject", offsetof(struct gate_head, subject)},
    {"X-Troth-Serial", offsetof(struct gate_head, serial)},
    {"X-Troth-Until", offsetof(struct gate_head, until)},
    {"X-Troth-Pem", offsetof(struct gate_head, pem)},
    {"X-Troth-Der", offsetof(struct gate_head, der)},
    {"X-Troth-Service", offsetof(struct gate_head, service)},
    {"X-Troth-Path", offsetof(struct gate_head, path)},
};

static bool is_name(struct bytes name, const char *wanted)
{
    return name.n == strlen(wanted) && strncasecmp((const char *)name.p, wanted, name.n) == 0;
}

static bool is_ours(struct bytes name)
{
    return name.n >= strlen(OURS) && strncasecmp((const char *)name.p, OURS, strlen(OURS)) == 0;
}

static struct bytes *find(struct gate_head *head, struct bytes name)
{
    for (size_t i = 0; i < LENGTH_OF(rows); i++)
        if (is_name(name, rows[i].name))
            return (struct bytes *)((char *)head + rows[i].at);
    return NULL;
}

enum result gate_head_put(struct gate_head *head, struct bytes name, struct bytes value,
                          struct err *err)
{
    struct bytes *field = find(head, name);
    if (field == NULL && is_ours(name))
        return err_set(err, E_SYNTAX,
                       "there is no header \"%s\": the proxy must not let it through",
                       err_value(name).text);
    if (field == NULL)
        return OK;
    if (field->p != NULL)
        return err_set(err, E_SYNTAX, "header \"%s\" stands twice: the proxy sets it once",
                       err_value(name).text);
    if (value.n > GATE_VALUE_MAX)
        return err_set(err, E_SYNTAX, "header \"%s\" has %zu octets, %d are the most",
                       err_value(name).text, value.n, GATE_VALUE_MAX);
    *field = bytes_of(value.p != NULL ? (const void *)value.p : "", value.n);
    return OK;
}

enum result gate_head_check(const struct gate_head *head, struct err *err)
{
    bool has_words =
        head->verify.n + head->issuer.n + head->subject.n + head->serial.n + head->until.n > 0;
    int proofs = has_words + (head->pem.n > 0) + (head->der.n > 0);
    if (head->service.n == 0)
        return err_set(err, E_SYNTAX, "no X-Troth-Service: the proxy's configuration names it");
    if (head->path.n == 0)
        return err_set(err, E_SYNTAX, "no X-Troth-Path: the proxy hands on what was asked for");
    if (proofs > 1)
        return err_set(err, E_SYNTAX,
                       "%d descriptions of the client, one is wanted: the words of "
                       "a verification, X-Troth-Pem or X-Troth-Der",
                       proofs);
    return OK;
}
