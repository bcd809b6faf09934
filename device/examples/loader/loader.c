// A boot loader's main over <boot/boot.h>: compiled for a Cortex-M3 in the tests, with a board's
// flash in its place. device/boot/m3 is a whole one.
#include <boot/boot.h>

// quote: board
// The board's own: memory-mapped flash, erased by 4 KiB, written by 8 octets.
bool board_erase(void *context, uint32_t at);
bool board_write(void *context, uint32_t at, const void *octets, uint32_t n);
const uint8_t *board_map(void *context, uint32_t at, uint32_t n);
_Noreturn void board_jump(uint32_t at, const struct boot_report *evidence);
_Noreturn void board_halt(const struct boot_report *why);

// Made by `troth keyset make`, linked in.
extern const uint8_t first_keys[];
extern const size_t first_keys_n;
// end

// quote: layout
static const struct boot_flash flash = {4096, 8, board_erase, board_write, board_map, NULL};
static const uint8_t vendor[TROTH_SUIT_ID_N] = {1}, class_id[TROTH_SUIT_ID_N] = {2};
static const uint8_t component[] = {0x81, 0x41, 0x00};
static const struct troth_algorithm *const algorithms[] = {&troth_hss_lms, &troth_es256};
static const struct troth_crypto crypto = {algorithms, 2, &troth_hash_small, NULL};
static const struct boot_layout layout = {
    .slots = {{0x10000, 0x40000}, {0x50000, 0x40000}},
    .envelope_n = 0x1000,
    .state = {0x90000, 0x2000},
    .keys = {{0x92000, 0x1000}, {0x93000, 0x1000}},
};
// end

// quote: start
_Noreturn void loader(void)
{
    const struct boot_device device = {
        .flash = &flash,
        .layout = layout,
        .vendor = vendor,
        .class_id = class_id,
        .component = {component, sizeof component},
        .crypto = &crypto,
        .keys = {first_keys, first_keys_n},
    };
    struct boot_report report;
    boot_start(&device, &report);
    if (report.slot == BOOT_NONE)
        board_halt(&report);
    board_jump(report.image_at, &report);
}
// end
