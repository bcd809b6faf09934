/* Checkpoints of the ledger as signed notes: C2SP tlog-checkpoint over C2SP signed-note.
 *
 * Two keys sign under the log's own name: Ed25519 (type 0x01) for the transparency world, and ES256
 * for devices, whose type is 0xff followed by "troth-es256"; its signature is r || s, 64 octets.
 * The key ID is the first four octets of SHA-256(name || 0x0a || type || public key), the ES256 key
 * being 04 || x || y. */
#ifndef PKI_NOTE_H
#define PKI_NOTE_H

#include <crypto/key.h>
#include <wire/buf.h>

#define NOTE_MAX 2048  /* octets of a checkpoint with both signatures */
#define ORIGIN_MAX 128 /* octets of a log's name */
#define NOTE_KEY_ID_N 4

/* May this name a log? No space, no plus, no control character, printable ASCII, 1-ORIGIN_MAX. */
bool is_note_origin(struct bytes text);

/* The text that is signed: three lines, origin, size, base64 of the root. */
void note_put_checkpoint(struct buf *b, struct bytes origin, uint64_t size, const uint8_t root[32]);

void note_key_id(struct bytes origin, enum x509_sig_alg alg, struct bytes public_key,
                 uint8_t ret[NOTE_KEY_ID_N]);

/* The signature line of one key over its text. `signature` is as the key makes it (ECDSA in DER).
 */
struct note_signer {
    struct bytes origin;
    enum x509_sig_alg alg; /* X509_SIG_ED25519 or X509_SIG_ECDSA_SHA256 */
    struct bytes public_key;
};
void note_put_signature(struct buf *b, const struct note_signer *signer, struct bytes signature);

/* The verifier key as text, NAME+ID+KEY, for those who will check: ends with a line feed. */
void note_put_vkey(struct buf *b, const struct note_signer *signer);

/* Reads a checkpoint whose lines are those of note_put_*, and verifies both signatures. OK only
 * when both are good. E_SYNTAX, E_SIGNATURE. */
struct note_checkpoint {
    uint64_t size;
    uint8_t root[32];
};
MUST_USE enum result note_verify(struct bytes note, const struct note_signer *ed25519,
                                 const struct note_signer *es256, struct note_checkpoint *ret,
                                 struct err *err);

#endif
