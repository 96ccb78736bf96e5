/*
 * The one function of Windows' bcryptprimitives.dll that Rust's standard library needs, for an emulator that does not
 * have that file. `cargo xtask platforms` puts it beside the programs that it runs there; nobody ships it.
 */

#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T size)
{
    return SystemFunction036(data, (ULONG)size);
}
