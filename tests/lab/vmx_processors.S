# INIT and start-up messages to a processor in VMX operation (SDM vol. 3, 24.8 and 26.2): the first processor sends them and
# says what has become of the second, which is in root operation, in a guest, in a guest that waits for a start-up message,
# and out of VMX operation again.
#include "bare.inc"

        .macro  await value                     # the other side has set the stage
8:      pause
        cmpl    $\value, stage
        jne     8b
        .endm
        .macro  field encoding, value
        .long   \encoding
        .quad   \value
        .endm

        .section .bss
        .balign 4096
vmxon_region:   .skip 4096
vmcs:           .skip 4096
stage:          .skip 4
reasons:        .skip 4 * 3                     # of the three VM exits
told:           .skip 8                         # exit qualification of the second

        .section .data
        .balign 8
vmxon_pointer:  .quad vmxon_region
vmcs_pointer:   .quad vmcs
fields: field   0x0800, 0x10                    # guest selectors
        field   0x0802, 0x08
        field   0x0804, 0x10
        field   0x0806, 0x10
        field   0x0808, 0x10
        field   0x080a, 0x10
        field   0x080c, 0
        field   0x080e, 0x20
        field   0x0c00, 0x10                    # host selectors
        field   0x0c02, 0x08
        field   0x0c04, 0x10
        field   0x0c06, 0x10
        field   0x0c08, 0x10
        field   0x0c0a, 0x10
        field   0x0c0c, 0x20
        field   0x2800, -1                      # no link
        field   0x2802, 0
        field   0x4004, 0
        field   0x4006, 0
        field   0x4008, 0
        field   0x400a, 0
        field   0x400e, 0
        field   0x4010, 0
        field   0x4014, 0
        field   0x4016, 0
        field   0x4800, 0xffffffff              # guest limits
        field   0x4802, 0xffffffff
        field   0x4804, 0xffffffff
        field   0x4806, 0xffffffff
        field   0x4808, 0xffffffff
        field   0x480a, 0xffffffff
        field   0x480c, 0
        field   0x480e, 0x67
        field   0x4810, 31
        field   0x4812, 4095
        field   0x4814, 0xc093                  # guest access rights
        field   0x4816, 0xa09b
        field   0x4818, 0xc093
        field   0x481a, 0xc093
        field   0x481c, 0xc093
        field   0x481e, 0xc093
        field   0x4820, 0x10000
        field   0x4822, 0x8b
        field   0x4824, 0
        field   0x482a, 0
        field   0x6000, 0
        field   0x6002, 0
        field   0x6806, 0                       # guest bases
        field   0x6808, 0
        field   0x680a, 0
        field   0x680c, 0
        field   0x680e, 0
        field   0x6810, 0
        field   0x6812, 0
        field   0x6814, 0
        field   0x6816, gdt
        field   0x6818, interrupts
        field   0x681a, 0x400
        field   0x681c, vmcs
        field   0x681e, guest
        field   0x6820, 2
        field   0x6822, 0
        field   0x6824, 0
        field   0x6826, 0
        field   0x6c06, 0                       # host
        field   0x6c08, 0
        field   0x6c0a, 0
        field   0x6c0c, gdt
        field   0x6c0e, interrupts
        field   0x6c10, 0
        field   0x6c12, 0
        field   0x6c16, left
fields_end:

        .section .text
        # The second processor.
other_main:
        cmpl    $1, running
        jne     9f
        call    into_operation
        vmclear vmcs_pointer
        vmptrld vmcs_pointer
        call    fill
        movl    $1, stage
        await   2                               # INIT has been sent
        movl    $3, stage
        await   4
        xor     %ebx, %ebx
        call    launch
        mov     %eax, reasons
        vmxoff
        movl    $5, stage
        await   6
        call    into_operation
        vmclear vmcs_pointer
        vmptrld vmcs_pointer
        mov     $3, %ebx                        # wait-for-SIPI
        call    launch
        mov     %eax, reasons + 4
        mov     $0x6400, %edx
        vmread  %rdx, %rax
        mov     %rax, told
        movl    $7, stage
        await   8
        vmclear vmcs_pointer
        vmptrld vmcs_pointer
        xor     %ebx, %ebx
        call    launch
        mov     %eax, reasons + 8
        movl    $10, stage
        await   11                              # INIT has been sent again
        vmxoff
        movl    $12, stage
9:      hlt
        jmp     9b

guest:  pause
        cmpl    $9, stage
        jne     guest
        vmcall
        jmp     guest

        # VMLAUNCH in activity state EBX; the exit reason in EAX, or BADh.
launch: mov     $0x4826, %edx
        vmwrite %rbx, %rdx
        mov     $0x6c14, %edx
        vmwrite %rsp, %rdx
        vmlaunch
        mov     $0xbad, %eax
        ret
left:   mov     $0x4402, %edx
        vmread  %rdx, %rax
        ret

into_operation:
        mov     %cr0, %rax
        or      $0x20, %eax                     # NE
        mov     %rax, %cr0
        mov     %cr4, %rax
        or      $0x2000, %eax                   # VMXE
        mov     %rax, %cr4
        mov     $0x3a, %ecx                     # IA32_FEATURE_CONTROL
        rdmsr
        test    $1, %al
        jnz     1f
        or      $5, %eax
        wrmsr
1:      mov     $0x480, %ecx
        rdmsr
        mov     %eax, vmxon_region
        mov     %eax, vmcs
        vmxon   vmxon_pointer
        ret

        # All fields: the table's, the controls that must be 1 with 64 bits on both sides, and what the processor has now.
fill:   mov     $fields, %esi
1:      lodsl
        mov     %eax, %edx
        lodsq
        vmwrite %rax, %rdx
        cmp     $fields_end, %esi
        jb      1b
        mov     $0x481, %ecx
        mov     $0x4000, %r8d
        xor     %r9d, %r9d
        call    control
        mov     $0x4002, %r8d
        call    control
        mov     $0x400c, %r8d
        mov     $0x200, %r9d
        call    control
        mov     $0x4012, %r8d
        call    control
        mov     %cr0, %rax
        mov     $0x6800, %edx
        vmwrite %rax, %rdx
        mov     $0x6c00, %edx
        vmwrite %rax, %rdx
        mov     %cr3, %rax
        mov     $0x6802, %edx
        vmwrite %rax, %rdx
        mov     $0x6c02, %edx
        vmwrite %rax, %rdx
        mov     %cr4, %rax
        mov     $0x6804, %edx
        vmwrite %rax, %rdx
        mov     $0x6c04, %edx
        vmwrite %rax, %rdx
        ret
control:                                        # field R8: what MSR ECX says must be 1, and R9; ECX to the next
        rdmsr
        or      %r9d, %eax
        vmwrite %rax, %r8
        inc     %ecx
        ret

        # The first processor.
main:   mov     $1, %eax
        cpuid
        shr     $21, %ecx
        and     $1, %ecx
        mov     %ecx, extended
        mov     $1, %r14d
        call    apic_on
        call    start_others
        call    apic_extend
        await   1
        mov     $0xc4500, %eax                  # INIT
        call    send
        call    delay
        movl    $2, stage
        await   3
        say     root
        mov     stage, %eax
        call    print_line
        movl    $4, stage
        await   5
        say     guest
        mov     reasons, %eax
        call    print_line
        movl    $6, stage
        call    delay
        mov     $0xc0612, %eax                  # start-up, vector 12h
        call    send
        await   7
        say     waiting
        mov     reasons + 4, %eax
        call    print_number
        mov     told, %rax
        call    print_line
        movl    $8, stage
        call    delay
        mov     $0xc0634, %eax                  # start-up, of which an active guest hears nothing
        call    send
        call    delay
        movl    $9, stage
        await   10
        say     active
        mov     reasons + 8, %eax
        call    print_line
        mov     $0xc4500, %eax
        call    send
        call    delay
        say     latched
        mov     stage, %eax
        call    print_line
        movl    $11, stage
        call    delay
        say     off
        mov     stage, %eax
        call    print_line
        mov     $0xc0600, %eax
        call    send
5:      pause
        cmpl    $2, running
        jne     5b
        say     again
        mov     running, %eax
        call    print_line
        xor     %eax, %eax
        outl    %eax, $0xf4
9:      hlt
        jmp     9b

delay:  mov     $100000, %ecx
1:      pause
        dec     %ecx
        jnz     1b
        ret

send:   cmpl    $0, extended                    # command EAX, to all others
        jne     1f
        mov     $APIC, %edx
        mov     %eax, 0x300(%rdx)
        ret
1:      mov     $0x830, %ecx
        xor     %edx, %edx
        wrmsr
        ret

        .section .note.GNU-stack, "", @progbits
