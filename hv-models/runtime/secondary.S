# Where the other processors start: real mode, at the page that the start-up IPI names (SDM vol. 3, 8.4.4). This code is
# copied to SECONDARY_PAGE; processors are started one at a time, so that one set of parameters is enough.
        .set    SECONDARY_PAGE, 0x8000
        .section .rodata
        .globl  secondary_code, secondary_code_end, secondary_parameters
        .code16
secondary_code:
        cli
        cld
        mov     %cs, %ax
        mov     %ax, %ds
        lgdtl   secondary_gdt_register - secondary_code
        mov     %cr0, %eax
        or      $1, %eax
        mov     %eax, %cr0
        ljmpl   $8, $(SECONDARY_PAGE + secondary_protected - secondary_code)
        .code32
secondary_protected:
        mov     $16, %eax
        mov     %eax, %ds
        mov     $0x020, %eax                    # CR4: PAE; global pages come once the low addresses are left
        mov     %eax, %cr4
        mov     SECONDARY_PAGE + secondary_parameters - secondary_code, %eax
        mov     %eax, %cr3
        mov     $0xc0000080, %ecx               # EFER: LME, NXE, SCE
        rdmsr
        or      $0x901, %eax
        wrmsr
        mov     $0x80010033, %eax               # CR0: PG, WP, NE, ET, MP, PE
        mov     %eax, %cr0
        ljmp    $24, $(SECONDARY_PAGE + secondary_long - secondary_code)
        .code64
secondary_long:
        xor     %eax, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss
        mov     SECONDARY_PAGE + secondary_parameters - secondary_code + 8, %rsp
        mov     SECONDARY_PAGE + secondary_parameters - secondary_code + 16, %rdi
        mov     $secondary_processor_start, %rax
        xor     %ebp, %ebp
        call    *%rax
        ud2
        .balign 8
secondary_gdt:
        .quad   0
        .quad   0x00cf9a000000ffff              # 32-bit code
        .quad   0x00cf92000000ffff              # data
        .quad   0x00209a0000000000              # 64-bit code
secondary_gdt_register:
        .word   31
        .long   SECONDARY_PAGE + secondary_gdt - secondary_code
        .balign 8
secondary_parameters:                           # CR3, stack, processor (processors.cpp)
        .quad   0, 0, 0
secondary_code_end:
        .section .note.GNU-stack, "", @progbits
