// The receipt of a transfer: accepted octets are what the writer writes from what was read, and one
// that is found in an entry lies in it.
#include "fuzz.h"

#include <wire/receipt.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t again_memory[RECEIPT_MAX];
    struct buf again = buf_over(again_memory, sizeof(again_memory));
    struct bytes input = bytes_of(data, size), octets = input;
    struct receipt receipt;
    const char *why = NULL;
    if (receipt_in_entry(input, &octets, &why))
        must(octets.n > 0 && octets.p >= data && octets.p + octets.n <= data + size);
    if (!receipt_read(octets, &receipt, &why)) {
        must(why != NULL);
        return 0;
    }
    receipt_write(&again, &receipt);
    must(bytes_equal(buf_bytes(&again), octets));
    must(!receipt_fits(&receipt, octets, &why));
    return 0;
}
