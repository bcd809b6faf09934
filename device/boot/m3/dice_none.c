#include "dice.h"

enum troth_verdict m3_dice_start(const struct boot_device *device, const struct boot_report *report)
{
    (void)device;
    return report->verdict;
}

enum troth_verdict m3_dice_act(const char *command)
{
    (void)command;
    return TROTH_UNSUPPORTED;
}
