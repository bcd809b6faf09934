/* troth-agent: a device's identity on Linux, from its first proof to every renewal. */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include <agent/state.h>
#include <base/command.h>
#include <client/http.h>
#include <crypto/key.h>

/* What the agent was told. Texts are borrowed from the command line. */
struct agent {
    const char *server;      /* https://host:port of the device listener */
    const char *product;     /* EST label; NULL: the server finds the device by its proof */
    const char *serial;      /* of the device; NULL: the IDevID names it */
    const char *anchor;      /* PEM file with the root; NULL: fingerprint, or pinned before */
    const char *fingerprint; /* SHA-256 of the root, 64 hex digits; or NULL */
    const char *token_file;  /* proofs of a first enrolment: one of these three, */
    const char *key_file;
    const char *idevid_certificate, *idevid_key; /* which go together */
    bool adopts_key; /* the certificate is for the key of key_file itself, shown by the request */
    bool is_anew;    /* enrol although there is a certificate that is good */
    bool keeps_key;  /* renew without rekey */
    enum key_kind key_kind; /* of new keys; KEY_NONE: as the current one's, P-256 without one */
    int64_t build_s;        /* no certificate is older than this program */
    struct state *state;
};

extern const struct program agent_program;

/* Runs argv; the exit status is that of the error catalogue. `build_s`: when this was built. */
int agent_main(char **argv, int64_t build_s);

#endif
