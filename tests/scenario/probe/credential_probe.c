/* For test_97_tpm.py: what core seals for a TPM. Of each line "EK NAME SECRET" (TPM2B_PUBLIC, a
 * Name and the secret in hexadecimal digits) TPM2B_ID_OBJECT and TPM2B_ENCRYPTED_SECRET, or why
 * there is none. */
#include <crypto/credential.h>
#include <crypto/start.h>
#include <wire/hex.h>

#include <stdio.h>
#include <string.h>

#define LINE_MAX 4096

static struct bytes next_octets(char **rest, uint8_t *space, size_t max)
{
    char *word = strsep(rest, " \n");
    struct buf b = buf_over(space, max);
    if (word == NULL || !hex_decode(&b, bytes_of(word, strlen(word))))
        buf_fail(&b);
    return buf_bytes(&b);
}

static void print(const uint8_t *octets, size_t n)
{
    for (size_t i = 0; i < n; i++)
        printf("%02x", octets[i]);
}

static void answer(char *line)
{
    static uint8_t area[LINE_MAX], name_space[TPM_NAME_MAX], secret_space[CREDENTIAL_SECRET_MAX];
    struct tpm_public ek;
    struct tpm_name name = {0};
    struct credential credential;
    struct err err = {0};
    const char *why = NULL;
    struct bytes octets = next_octets(&line, area, sizeof area);
    struct bytes name_octets = next_octets(&line, name_space, sizeof name_space);
    struct bytes secret = next_octets(&line, secret_space, sizeof secret_space);
    memcpy(name.p, name_octets.p, name_octets.n);
    name.n = name_octets.n;
    if (!tpm_read_public(octets, &ek, &why)) {
        puts(why);
        return;
    }
    if (credential_make(&ek, &name, secret, &credential, &err) != OK) {
        puts(err.text);
        return;
    }
    print(credential.blob, credential.blob_n);
    print(credential.seed, credential.seed_n);
    puts("");
}

int main(void)
{
    static char line[LINE_MAX + 2];
    if (crypto_start(NULL) != OK)
        return 1;
    while (fgets(line, sizeof line, stdin) != NULL)
        answer(line);
    return 0;
}
