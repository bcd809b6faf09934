/* `troth verify`: a checklist of what the library for devices says. Private to cli.
 *
 * A step that the command line gives nothing to compare with is "not asked": the device then has
 * what the file says. */
#ifndef CLI_VERIFY_PARTS_H
#define CLI_VERIFY_PARTS_H

#include <cli/session.h>
#include <troth/keyset.h>
#include <troth/suit.h>

/* Algorithms: HSS/LMS of our own, the rest by OpenSSL (verify_crypto.c). */
extern const struct troth_crypto verify_crypto;

/* What the command line says of the device; is_given by option. */
struct verify_device {
    const uint8_t *vendor, *class_id, *device; /* TROTH_SUIT_ID_N octets, or NULL */
    struct bytes component;                    /* encoded; empty: not given */
    bool has_sequence, has_counter, has_format;
    uint32_t sequence, counter, format, slot;
    struct bytes image;
    bool has_image;
};

struct verify {
    struct bytes file;
    struct troth_keyset keys;
    struct verify_device device;
    enum troth_verdict verdict;
    bool has_offset;
    size_t offset;
    json_t *checks; /* [{check, state, detail}] */
};

#define VERIFY_HOLDS "holds"
#define VERIFY_REFUSED "refused"
#define VERIFY_NOT_ASKED "not asked"
#define VERIFY_NOT_REACHED "not reached"

__attribute__((format(printf, 4, 5))) void verify_note(struct verify *verify, const char *step,
                                                       const char *state, const char *detail, ...);

/* "key 2, 3: 2 of 2 that set 5 wants". */
#define VERIFY_DETAIL_MAX 512
void verify_signers(const struct verify *verify, enum troth_use use, uint32_t signers,
                    char to[VERIFY_DETAIL_MAX]);

/* "VERDICT: its rule": what a refused step has in its detail. */
void verify_why(const struct verify *verify, char to[VERIFY_DETAIL_MAX]);
bool verify_is_about_signers(enum troth_verdict verdict);

/* Each fills verdict, offset and checks. */
void verify_suit(struct verify *verify);
void verify_mcuboot(struct verify *verify);
void verify_keyset(struct verify *verify);

#endif
