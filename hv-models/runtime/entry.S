# Where the first processor starts: 32-bit protected mode without paging, EBX = physical address of hvm_start_info
# (Xen public headers, arch-x86/hvm/start_info.h). It builds the first page tables, switches to 64-bit mode
# (SDM vol. 3, 9.8.5) and calls the C++ start on the first processor's stack.
        .set    IMAGE_BASE, 0xffffffff80000000
        .set    PRESENT_WRITE, 0x003
        .set    LARGE_GLOBAL, 0x183             # present, write, 2 MiB, global
        .set    UNCACHED, 0x018                 # PCD, PWT

        .section .note.pvh, "a", @note
        .long   4, 4, 18                        # XEN_ELFNOTE_PHYS32_ENTRY
        .asciz  "Xen"
        .long   pvh_entry - IMAGE_BASE

        .section .boot, "ax"
        .code32
        .globl  pvh_entry
pvh_entry:
        cli
        cld
        mov     $(first_stack_end - IMAGE_BASE), %esp

        # Four page directories of 2 MiB pages: the first 4 GiB, the last of them (devices) uncached.
        mov     $(first_directories - IMAGE_BASE), %edi
        mov     $LARGE_GLOBAL, %eax
        mov     $2048, %ecx
1:      cmp     $0xc0000000, %eax
        jb      2f
        or      $UNCACHED, %eax
2:      mov     %eax, (%edi)
        movl    $0, 4(%edi)
        add     $0x200000, %eax
        add     $8, %edi
        dec     %ecx
        jnz     1b

        mov     $(first_pointers - IMAGE_BASE), %edi
        mov     $(first_directories - IMAGE_BASE + PRESENT_WRITE), %eax
        mov     $4, %ecx
3:      mov     %eax, (%edi)
        add     $4096, %eax
        add     $8, %edi
        dec     %ecx
        jnz     3b

        # The same 4 GiB at 0 (until all processors run), in the direct map, and 2 of them where the image is linked.
        mov     $(kernel_root - IMAGE_BASE), %edi
        movl    $(first_pointers - IMAGE_BASE + PRESENT_WRITE), (%edi)
        movl    $(first_pointers - IMAGE_BASE + PRESENT_WRITE), 256*8(%edi)
        movl    $(image_pointers - IMAGE_BASE + PRESENT_WRITE), 511*8(%edi)
        mov     $(image_pointers - IMAGE_BASE), %edi
        movl    $(first_directories - IMAGE_BASE + PRESENT_WRITE), 510*8(%edi)

        mov     $0x020, %eax                    # CR4: PAE; global pages come once the low addresses are left
        mov     %eax, %cr4
        mov     $(kernel_root - IMAGE_BASE), %eax
        mov     %eax, %cr3
        mov     $0xc0000080, %ecx               # EFER: LME, NXE, SCE
        rdmsr
        or      $0x901, %eax
        wrmsr
        mov     $0x80010033, %eax               # CR0: PG, WP, NE, ET, MP, PE
        mov     %eax, %cr0
        lgdt    first_gdt_register - IMAGE_BASE
        ljmp    $8, $(in_long_mode - IMAGE_BASE)

        .code64
in_long_mode:
        mov     $in_image, %rax
        jmp     *%rax
in_image:
        xor     %eax, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss
        mov     $first_stack_end, %rsp
        mov     %ebx, %edi
        xor     %ebp, %ebp
        call    first_processor_start
        ud2

        .balign 8
first_gdt:
        .quad   0, 0x00209a0000000000           # 64-bit code
first_gdt_register:
        .word   15
        .long   first_gdt - IMAGE_BASE

        .bss
        .balign 4096
        .globl  kernel_root
kernel_root:            .skip 4096
first_pointers:         .skip 4096
image_pointers:         .skip 4096
first_directories:      .skip 4 * 4096
        .globl  first_stack, first_stack_end
first_stack:            .skip 16384
first_stack_end:
        .section .note.GNU-stack, "", @progbits
