#include <boot/flash.h>

#include <string.h>

bool flash_erase(const struct boot_flash *flash, const struct boot_area *area)
{
    for (uint32_t at = 0; at < area->n; at += flash->erase_n)
        if (!flash->erase(flash->context, area->at + at))
            return false;
    return true;
}

const uint8_t *flash_map(const struct boot_flash *flash, const struct boot_area *area)
{
    return flash->map(flash->context, area->at, area->n);
}

static bool write_unit(const struct boot_flash *flash, uint32_t at, const uint8_t *octets)
{
    return flash->write(flash->context, at, octets, flash->write_n) &&
           memcmp(flash->map(flash->context, at, flash->write_n), octets, flash->write_n) == 0;
}

bool flash_write(const struct boot_flash *flash, const struct boot_area *area, uint32_t at,
                 const void *octets, uint32_t n)
{
    const uint8_t *from = octets;
    if (at % flash->write_n != 0 || at > area->n || n > area->n - at)
        return false;
    for (uint32_t done = 0; done < n; done += flash->write_n) {
        uint8_t unit[BOOT_UNIT_MAX];
        uint32_t left = n - done < flash->write_n ? n - done : flash->write_n;
        memset(unit, BOOT_BLANK, flash->write_n);
        memcpy(unit, from + done, left);
        if (!write_unit(flash, area->at + at + done, unit))
            return false;
    }
    return true;
}

bool flash_is_blank(const uint8_t *octets, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (octets[i] != BOOT_BLANK)
            return false;
    return true;
}

uint32_t flash_u32(const uint8_t *octets)
{
    return (uint32_t)octets[0] | (uint32_t)octets[1] << 8 | (uint32_t)octets[2] << 16 |
           (uint32_t)octets[3] << 24;
}
