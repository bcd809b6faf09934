#include "vectors.h"

#include <crypto/pem.h>
#include <wire/hex.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static FILE *open_vector(const char *path, char *ret_where, size_t max)
{
    snprintf(ret_where, max, "%s/../shared/vectors/%s", getenv("TROTH_SOURCE"), path);
    FILE *file = fopen(ret_where, "rb");
    // cmocka's skip() says "not ok" in TAP
    if (file == NULL)
        print_message("# skipped: %s is not beside the project\n", path);
    return file;
}

bool vector_read(const char *path, struct vector *ret)
{
    char where[1024];
    FILE *file = open_vector(path, where, sizeof where);
    if (file == NULL)
        return false;
    ret->n = fread(ret->p, 1, sizeof ret->p, file);
    assert_true(ret->n > 0 && ret->n < sizeof ret->p);
    fclose(file);
    return true;
}

json_t *vector_load(const char *path)
{
    char where[1024];
    FILE *file = open_vector(path, where, sizeof where);
    if (file == NULL)
        return NULL;
    json_t *all = json_loadf(file, 0, NULL);
    fclose(file);
    assert_non_null(all);
    return all;
}

void vector_unhex(const json_t *object, const char *name, struct vector *ret)
{
    const char *text = json_string_value(json_object_get(object, name));
    struct buf b = buf_over(ret->p, sizeof ret->p);
    assert_non_null(text);
    assert_true(hex_decode(&b, bytes_of(text, strlen(text))));
    ret->n = b.n;
}

// What stands at the end of a SubjectPublicKeyInfo, by its length: P-256, P-384, Ed25519, RSA.
static size_t key_start(size_t n)
{
    static const size_t kinds[][2] = {{91, 26}, {120, 23}, {44, 12}};
    for (size_t i = 0; i < 3; i++)
        if (n == kinds[i][0])
            return kinds[i][1];
    return 24;
}

bool vector_read_key(const char *path, struct vector *ret)
{
    struct vector text;
    struct blob spki = {0};
    if (!vector_read(path, &text))
        return false;
    assert_int_equal(pem_read(bytes_of(text.p, text.n), PEM_PUBLIC_KEY, &spki, NULL), OK);
    size_t start = key_start(spki.n);
    ret->n = spki.n - start;
    memcpy(ret->p, spki.p + start, ret->n);
    blob_free(&spki);
    return true;
}
