/* A plugin of QEMU for test_93_dice_core.py, never installed: which instructions an emulated core
 * ran between two places, in their order, and which memory each touched. It writes a line of their
 * number and a hash over all of it in order, and for each instruction a line of its address, how
 * often it ran, and a hash over the addresses that it read and wrote.
 * usage: qemu-system-arm -plugin FILE,begin=ADDRESS,end=ADDRESS,out=FILE   (decimal; `begin` to
 * `end`, each when it is about to run)
 *
 * QEMU's header is in no package of Debian 12: what of it is used is declared here as QEMU 7.2
 * documents it (docs/devel/tcg-plugins). */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORTED __attribute__((visibility("default")))
#define CODE_N 0x80000U /* of device/board/m3/board.ld */

struct qemu_info;
struct qemu_block;
struct qemu_instruction;
enum { NO_REGISTERS = 0, READS_AND_WRITES = 3 };

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id,
                                           void (*act)(uint64_t id, struct qemu_block *block));
size_t qemu_plugin_tb_n_insns(const struct qemu_block *block);
struct qemu_instruction *qemu_plugin_tb_get_insn(const struct qemu_block *block, size_t i);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_instruction *instruction);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_instruction *instruction,
                                            void (*act)(unsigned cpu, void *context), int flags,
                                            void *context);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_instruction *instruction,
                                      void (*act)(unsigned cpu, uint32_t info, uint64_t at,
                                                  void *context),
                                      int flags, int accesses, void *context);
void qemu_plugin_register_atexit_cb(uint64_t id, void (*act)(uint64_t id, void *context),
                                    void *context);

EXPORTED int qemu_plugin_version = 1;
EXPORTED int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc, char **argv);

struct place {
    uint32_t at;
    uint64_t n, touched;
};

static struct place places[CODE_N / 2];
static uint64_t ran, all, begin, end;
static const char *out;
static bool is_between;

static uint64_t mixed(uint64_t hash, uint64_t number)
{
    hash = (hash ^ number) * 0x9e3779b97f4a7c15U;
    return hash ^ hash >> 29;
}

static void execute(unsigned cpu, void *context)
{
    struct place *place = context;
    (void)cpu;
    if (place->at == begin)
        is_between = true;
    if (place->at == end)
        is_between = false;
    if (!is_between)
        return;
    place->n++;
    ran++;
    all = mixed(all, place->at);
}

static void touch(unsigned cpu, uint32_t info, uint64_t at, void *context)
{
    struct place *place = context;
    (void)cpu;
    if (!is_between)
        return;
    place->touched = mixed(mixed(place->touched, at), info);
    all = mixed(mixed(all, at), info);
}

static void translate(uint64_t id, struct qemu_block *block)
{
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
        struct qemu_instruction *instruction = qemu_plugin_tb_get_insn(block, i);
        uint64_t at = qemu_plugin_insn_vaddr(instruction);
        struct place *place = &places[at / 2 % (CODE_N / 2)];
        place->at = (uint32_t)at;
        qemu_plugin_register_vcpu_insn_exec_cb(instruction, execute, NO_REGISTERS, place);
        qemu_plugin_register_vcpu_mem_cb(instruction, touch, NO_REGISTERS, READS_AND_WRITES, place);
    }
}

static void tell(uint64_t id, void *context)
{
    FILE *file = fopen(out, "w");
    (void)id;
    (void)context;
    if (file == NULL)
        abort();
    fprintf(file, "%" PRIu64 " %" PRIx64 "\n", ran, all);
    for (size_t i = 0; i < CODE_N / 2; i++)
        if (places[i].n > 0)
            fprintf(file, "%" PRIx32 " %" PRIu64 " %" PRIx64 "\n", places[i].at, places[i].n,
                    places[i].touched);
    if (fclose(file) != 0)
        abort();
}

int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        const char *value = strchr(argv[i], '=');
        if (value == NULL)
            return -1;
        value++;
        if (strncmp(argv[i], "begin=", 6) == 0)
            begin = strtoull(value, NULL, 10);
        if (strncmp(argv[i], "end=", 4) == 0)
            end = strtoull(value, NULL, 10);
        if (strncmp(argv[i], "out=", 4) == 0)
            out = value;
    }
    if (begin == 0 || end == 0 || out == NULL)
        return -1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
    qemu_plugin_register_atexit_cb(id, tell, NULL);
    return 0;
}
