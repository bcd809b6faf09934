// What a device remembers between boots: a journal of records in two halves of an area of flash.
//
// The newest whole record counts. One is added to the half that has it; when that is full the other
// half is erased first, so that a power cut at any operation leaves the old record or the new one.
#pragma once

#include <boot/flash.h>
#include <troth/crypto.h>
#include <troth/verdict.h>

#define BOOT_NONE 0xff // no slot

struct boot_state {
    uint32_t number;      // of the record, rising from 1
    uint8_t active;       // the slot that is confirmed
    uint8_t trial;        // the slot to be tried, or BOOT_NONE
    uint8_t is_tried;     // it was started, and nobody confirmed it since
    uint8_t keys;         // key set: 0 what the boot loader was built with, 1 or 2 a copy in flash
    uint8_t pending_keys; // a copy that waits until every slot verifies by it, or 0
    uint32_t key_floor;   // keys below it never verify again
    uint32_t counter;     // security counter of what was confirmed
    uint32_t sequence;    // the highest sequence number that was confirmed
    uint32_t data_format; // of the data on this device; 0: none was ever said
    uint64_t time_s;      // it is not earlier than that: seconds since 1970
};

// Where there is no whole record *ret is all zero, without a trial. TROTH_FAULT: two readings
// differ, and *ret must not count.
enum troth_verdict state_read(const struct boot_flash *flash, const struct boot_area *area,
                              struct boot_state *ret);

// Adds a record; its number becomes the next.
bool state_write(const struct boot_flash *flash, const struct boot_area *area,
                 struct boot_state *state);
