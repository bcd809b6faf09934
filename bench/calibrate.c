/* Prints what one P-256 verification and one signature cost here, in microseconds of CPU. */
#include "calibration.h"

#include <stdio.h>

#define ROWS 500

int main(void)
{
    struct calibration calibration;
    bool good = calibration_open(&calibration);
    for (int i = 0; good && i < ROWS; i++)
        good = calibration_row(&calibration);
    if (!good) {
        fputs("bench-calibrate: OpenSSL failed\n", stderr);
        return 1;
    }
    printf("%.1f\n", calibration_us(&calibration));
    return 0;
}
