// Public vectors, where they lie beside the project: ../shared/vectors.
#pragma once

#include <wire/bytes.h>

#include <jansson.h>

#include <stdint.h>

#define VECTOR_MAX 65536

struct vector {
    size_t n;
    uint8_t p[VECTOR_MAX];
};

// False, with a word about it in the test's output, where there is no such file.
bool vector_read(const char *path, struct vector *ret);
json_t *vector_load(const char *path); // NULL, likewise

// A member in hexadecimal, which must be there.
void vector_unhex(const json_t *object, const char *name, struct vector *ret);

// The key of a PEM file, as the verifier takes it: a point, 32 octets of Ed25519, an RSAPublicKey.
bool vector_read_key(const char *path, struct vector *ret);
