// A log's two keys, and any text as a note that both sign, as the server writes one.
#pragma once

#include "fuzz.h"

#include <crypto/key.h>
#include <pki/note.h>

#define NOTE_NAME "example.org/log"

static struct key *keys[2];
static struct note_signer signers[2];
static uint8_t room[65536];

static void make_keys(void)
{
    static const enum key_kind kinds[2] = {KEY_ED25519, KEY_P256};

    for (int i = 0; i < 2; i++) {
        must(key_generate(kinds[i], &keys[i], NULL) == OK);
        signers[i] = (struct note_signer){.origin = bytes_text(NOTE_NAME),
                                          .alg = key_sig_alg(keys[i]),
                                          .public_key = key_point(keys[i])};
    }
}

static struct bytes sign(struct bytes text)
{
    struct buf note = buf_over(room, sizeof(room));
    struct key_signature signature;

    buf_put_bytes(&note, text);
    buf_put_u8(&note, '\n');
    for (int i = 0; i < 2; i++) {
        must(key_sign(keys[i], text, &signature, NULL) == OK);
        note_put_signature(&note, &signers[i], key_signature_bytes(&signature));
    }
    return buf_bytes(&note);
}
