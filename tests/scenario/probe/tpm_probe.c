/* For test_97_tpm.py: what core thinks of what a TPM says. Of each line, all in hexadecimal digits,
 *   ek TPM2B_PUBLIC SPKI
 *   ak TPM2B_PUBLIC
 *   key TPM2B_PUBLIC-OF-THE-AK TPM2B_PUBLIC TPMS_ATTEST TPMT_SIGNATURE NONCE SPKI
 * "ok", or the text of the refusal. */
#include <crypto/start.h>
#include <pki/tpm.h>
#include <wire/hex.h>

#include <stdio.h>
#include <string.h>

#define LINE_MAX 16384
#define WORDS_MAX 6
#define WORD_MAX 2048

static uint8_t memory[WORDS_MAX][WORD_MAX];
static struct bytes words[WORDS_MAX];

static bool read_words(char *rest)
{
    char *word;
    for (size_t i = 0; (word = strsep(&rest, " \n")) != NULL && *word != '\0'; i++) {
        if (i == WORDS_MAX)
            return false;
        struct buf b = buf_over(memory[i], WORD_MAX);
        if (!hex_decode(&b, bytes_of(word, strlen(word))))
            return false;
        words[i] = buf_bytes(&b);
    }
    return true;
}

static enum result judge(const char *what, struct err *err)
{
    struct tpm_public key, ak;
    if (strcmp(what, "ek") == 0)
        return tpm_check_ek(words[0], words[1], &key, err);
    TRY(tpm_check_ak(words[0], &ak, err));
    if (strcmp(what, "ak") == 0)
        return OK;
    const struct tpm_evidence evidence = {.ak = &ak,
                                          .key = words[1],
                                          .attest = words[2],
                                          .signature = words[3],
                                          .nonce = words[4],
                                          .spki = words[5]};
    return tpm_check_evidence(&evidence, &key, err);
}

int main(void)
{
    static char line[LINE_MAX];
    if (crypto_start(NULL) != OK)
        return 1;
    while (fgets(line, sizeof line, stdin) != NULL) {
        struct err err = {0};
        char *rest = line;
        const char *what = strsep(&rest, " ");
        if (rest == NULL || !read_words(rest))
            return 1;
        puts(judge(what, &err) == OK ? "ok" : err.text);
    }
    return 0;
}
