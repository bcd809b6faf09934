#include "dice.h"

#include <board.h>

extern struct dice handoff_dice; // by the linker's script, as the report

// Apart from who wipes: what it leaves lies below that one's stack.
__attribute__((noinline)) static enum troth_verdict derive(const struct boot_device *device,
                                                           const struct boot_report *report)
{
    return dice_start(&m3_dice_crypto, M3_SECRET, DICE_NORMAL, device, report, &handoff_dice);
}

enum troth_verdict m3_dice_start(const struct boot_device *device, const struct boot_report *report)
{
    enum troth_verdict verdict = report->verdict;
    if (verdict == TROTH_VALID)
        verdict = derive(device, report);
    dice_wipe(M3_SECRET, DICE_SECRET_N);
    board_wipe_stack();
    return verdict;
}
