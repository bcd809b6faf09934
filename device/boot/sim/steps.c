/* One power-on of the device of device/boot/m3 on this machine: the boot core on the model of
 * flash, and then what the application does. What it prints and leaves in the flash is what the
 * emulated core has to print and leave. usage: boot-steps start|confirm|install|keys    (in a
 * folder with flash.bin and the files of application.c) */
#include "model.h"

#include <device.h>
#include <troth/verify.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX 0x100000
#define EXIT_REFUSED 5

struct file {
    uint8_t octets[FILE_MAX];
    size_t n;
};

static const struct troth_algorithm *const algorithms[] = {&troth_es256, &troth_hss_lms};
static const struct troth_crypto crypto = {algorithms, 2, &troth_hash_small, NULL};
static const struct geometry geometry = {"m3", M3_BLOCK_N, M3_UNIT_N, M3_SLOT_N};

static void load(const char *name, struct file *ret)
{
    FILE *file = fopen(name, "rb");
    ret->n = file != NULL ? fread(ret->octets, 1, sizeof ret->octets, file) : 0;
    if (file != NULL)
        (void)fclose(file);
}

static bool save(const struct model *model)
{
    FILE *file = fopen("flash.bin", "wb");
    bool is_written = file != NULL && fwrite(model->octets, 1, model->n, file) == model->n;
    return file != NULL && fclose(file) == 0 && is_written;
}

static bool fetch(void *context, struct troth_octets uri, uint32_t offset, uint8_t *to, uint32_t n)
{
    struct file *image = context;
    char name[32] = {0};
    if (uri.n >= sizeof name)
        return false;
    memcpy(name, uri.p, uri.n);
    if (offset == 0)
        load(name, image);
    if (offset > image->n || n > image->n - offset)
        return false;
    memcpy(to, image->octets + offset, n);
    return true;
}

static enum troth_verdict act(const struct boot_device *device, const char *command)
{
    static struct file file, image;
    struct troth_fault fault;
    if (strcmp(command, "confirm") == 0)
        return boot_confirm(device);
    if (strcmp(command, "install") == 0) {
        load("update.suit", &file);
        return boot_install(device, (struct troth_octets){file.octets, file.n}, fetch, &image,
                            &fault);
    }
    if (strcmp(command, "keys") == 0) {
        load("keys.cbor", &file);
        return boot_keys_install(device, (struct troth_octets){file.octets, file.n}, &fault);
    }
    return strcmp(command, "start") == 0 ? TROTH_VALID : TROTH_UNSUPPORTED;
}

static void say_report(const struct boot_report *report)
{
    printf("application slot %u sequence %u counter %u keys %u signers %u trial %u update %s\n",
           report->slot, report->sequence, report->counter, report->keys_sequence, report->signers,
           report->is_trial, troth_verdict_name(report->trial));
}

int main(int argc, char **argv)
{
    static struct file flash;
    struct model model;
    struct boot_device device;
    struct boot_report report;
    if (argc != 2)
        return 2;
    load("flash.bin", &flash);
    if (flash.n != M3_FLASH_N)
        return 2;
    model_open(&model, &geometry, M3_FLASH_N, 1);
    memcpy(model.octets, flash.octets, flash.n);
    m3_device(&model.flash, &crypto, &device);
    boot_start(&device, &report);
    if (report.verdict == TROTH_VALID) {
        say_report(&report);
        printf("%s %s\n", argv[1], troth_verdict_name(act(&device, argv[1])));
    } else {
        printf("refused %s\n", troth_verdict_name(report.verdict));
    }
    if (model.violation != NULL)
        printf("violation: %s\n", model.violation);
    bool is_saved = save(&model);
    model_close(&model);
    if (!is_saved)
        return 1;
    return report.verdict == TROTH_VALID ? 0 : EXIT_REFUSED;
}
