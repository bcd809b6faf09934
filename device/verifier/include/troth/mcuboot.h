// Images of MCUboot (its design.md, "Image format"), as imgtool signs them.
//
// The hash is over header, body and protected TLVs. Taken: hashes SHA-256, -384 and -512 (0x10 to
// 0x12); signatures RSA-PSS (0x20, 0x23), ECDSA (0x22: P-256 with SHA-256, P-384 with SHA-384),
// Ed25519 (0x24) of the hash or, where 0x25 says so, of the image, each where the crypto table has
// the algorithm. Key hashes and keys in an image (0x01, 0x02) are hints that nobody signed, and not
// looked at. SEC_CNT (0x50) and DEPENDENCY (0x40) count only when protected; where nobody signed it
// nothing else than these may stand. Encrypted images (0x30 to 0x34) are TROTH_UNSUPPORTED. Other
// protected TLVs are passed over. NOT checked: load address and flags beyond encryption; versions
// against what runs now; what lies in the slot after the image.
#pragma once

#include <troth/keyset.h>

#define TROTH_MCUBOOT_DEPENDENCIES_MAX 4

struct troth_mcuboot_version {
    uint8_t major, minor;
    uint16_t revision;
    uint32_t build;
};

struct troth_mcuboot_dependency {
    uint32_t image;
    struct troth_mcuboot_version oldest; // build is not compared, as MCUboot does not
};

struct troth_mcuboot_device {
    uint32_t counter;                           // lower ones are refused
    const struct troth_mcuboot_version *images; // what the device has, by image number
    size_t n;
};

struct troth_mcuboot_image {
    struct troth_mcuboot_version version;
    struct troth_octets body; // in what was given
    uint32_t load_address, flags, counter;
    bool has_counter;
    uint32_t signers; // bits of the key set's places
    size_t n;
    struct troth_mcuboot_dependency dependencies[TROTH_MCUBOOT_DEPENDENCIES_MAX];
};

// `slot` may be longer than the image. Keys are those for releases. Where it is refused, *ret_fault
// has where that was seen: the header, an area of TLVs or the TLV; of a counter or a version, where
// the protected ones end.
enum troth_verdict troth_mcuboot_verify(const struct troth_crypto *crypto,
                                        const struct troth_keyset *keys,
                                        const struct troth_mcuboot_device *device,
                                        struct troth_octets slot, struct troth_mcuboot_image *ret,
                                        struct troth_fault *ret_fault);
