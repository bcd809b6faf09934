/* A device that tells its secrets, for test_93_measured_boot.py, which works them out by itself:
 * for the old image and for an update a JSON object with octets in hex. usage: dice-probe SECRET
 * (64 hex digits) */
#include <boot/adapters/bearssl.h>
#include <boot/dice.h>
#include <world.h>

#include <wire/hex.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct geometry geometry = {"4096/8", 4096, 8, 16384};

static void fail(const char *what)
{
    fprintf(stderr, "dice-probe: %s\n", what);
    exit(2);
}

static void put(const char *name, const void *octets, size_t n)
{
    char text[4096];
    struct buf b = buf_over(text, sizeof text);
    hex_encode(&b, bytes_of(octets, n));
    printf("\"%s\": \"%.*s\", ", name, (int)b.n, text);
}

static void tell(const struct world *world, const uint8_t secret[DICE_SECRET_N])
{
    struct boot_report report;
    struct dice dice;
    uint8_t point[TROTH_POINT_N], evidence[1024], sealed[128];
    struct buf said = buf_over(evidence, sizeof evidence), b = buf_over(sealed, sizeof sealed);
    boot_start(&world->device, &report);
    if (dice_start(&dice_bearssl, secret, DICE_NORMAL, &world->device, &report, &dice) !=
            TROTH_VALID ||
        !dice_device_point(&dice_bearssl, secret, point) ||
        !dice_evidence(&dice_bearssl, &dice, &report,
                       (struct troth_octets){(const uint8_t *)"nonce-of-16-octs", 16}, &said) ||
        !dice_seal(&dice_bearssl, &dice, (struct troth_octets){(const uint8_t *)"sealed", 6}, &b))
        fail("it did not start");
    printf("{");
    put("device_point", point, sizeof point);
    put("alias", dice.alias, sizeof dice.alias);
    put("sealing", dice.sealing, sizeof dice.sealing);
    put("certificate", dice.certificate, dice.certificate_n);
    put("evidence", evidence, said.n);
    put("sealed", sealed, b.n);
    put("first_keys", world->device.keys.p, world->device.keys.n);
    put("vendor", world->device.vendor, TROTH_SUIT_ID_N);
    put("class", world->device.class_id, TROTH_SUIT_ID_N);
    put("digest", report.digest, sizeof report.digest);
    printf("\"trial\": %s}", report.is_trial ? "true" : "false");
}

int main(int argc, char **argv)
{
    struct world world;
    struct troth_fault fault;
    uint8_t secret[DICE_SECRET_N];
    struct buf b = buf_over(secret, sizeof secret);
    if (argc != 2 || !hex_decode(&b, bytes_of(argv[1], strlen(argv[1]))) || b.n != sizeof secret)
        fail("usage: dice-probe SECRET (64 hex digits)");
    world_open(&world, &geometry, false, 6000, 1);
    printf("[");
    tell(&world, secret);
    printf(", ");
    const struct world_file *envelope = &world.envelopes[IMAGE_NEW];
    if (boot_install(&world.device, (struct troth_octets){envelope->p, envelope->n}, world_fetch,
                     &world.images[IMAGE_NEW], &fault) != TROTH_VALID)
        fail("the update does not install");
    tell(&world, secret);
    printf("]\n");
    world_close(&world);
    return 0;
}
