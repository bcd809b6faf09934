// Key sets in flash.
#pragma once

#include "slot.h"

// A set that waits is taken into use if every slot that verifies now would by it. False: it could
// not be written down.
bool keys_settle(struct slot_judge *judge);
