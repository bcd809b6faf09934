#include <base/err.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct error_info catalogue[] = {
#define ERROR(number, name, kind, http, exit, meaning, next)                                       \
    {E_##name, #name, kind, http, exit, meaning, next},
#include <base/errors.def>
#undef ERROR
};

enum result err_set(struct err *err, enum code code, const char *format, ...)
{
    if (err != NULL) {
        va_list list;
        va_start(list, format);
        err->code = code;
        vsnprintf(err->text, sizeof err->text, format, list);
        va_end(list);
    }
    return error_find(code)->kind;
}

void err_prefix(struct err *err, const char *format, ...)
{
    if (err == NULL)
        return;
    char was[ERR_TEXT_MAX];
    memcpy(was, err->text, sizeof was);

    va_list list;
    va_start(list, format);
    int used = vsnprintf(err->text, sizeof err->text, format, list);
    va_end(list);
    if (used > 0 && (size_t)used < sizeof err->text)
        snprintf(err->text + used, sizeof err->text - (size_t)used, ": %s", was);
}

const struct error_info *error_find(enum code code)
{
    for (size_t i = 0; i < LENGTH_OF(catalogue); i++)
        if (catalogue[i].code == code)
            return &catalogue[i];
    return error_find(E_BUG);
}

const struct error_info *error_at(size_t index)
{
    return index < LENGTH_OF(catalogue) ? &catalogue[index] : NULL;
}

const struct error_info *error_parse(const char *text)
{
    if (*text == 'E' || *text == 'e')
        text++;
    char *end = NULL;
    unsigned long number = strtoul(text, &end, 10);
    if (end == text || *end != '\0')
        return NULL;
    for (size_t i = 0; i < LENGTH_OF(catalogue); i++)
        if ((unsigned long)catalogue[i].code == number)
            return &catalogue[i];
    return NULL;
}

struct err_value err_value(struct bytes value)
{
    struct err_value out = {0};
    size_t shown = value.n < ERR_VALUE_MAX ? value.n : ERR_VALUE_MAX, at = 0;
    for (size_t i = 0; i < shown; i++) {
        uint8_t c = value.p[i];
        bool plain = c >= 0x20 && c < 0x7f && c != '\\' && c != '"';
        at += (size_t)snprintf(out.text + at, sizeof out.text - at, plain ? "%c" : "\\x%02x", c);
    }
    if (shown < value.n && at + 4 <= sizeof out.text)
        memcpy(out.text + at, "...", 4);
    return out;
}
