# INIT and start-up messages to a processor in VMX operation (SDM vol. 3, 24.8 and 26.2): the first processor sends them and
# says what has become of the second, which is in root operation, in a guest, in a guest that waits for a start-up message,
# and out of VMX operation again.
#include "bare.inc"
#include "vmx.inc"

        .macro  await value                     # the other side has set the stage
8:      pause
        cmpl    $\value, stage
        jne     8b
        .endm

        .section .bss
stage:          .skip 4
reasons:        .skip 4 * 3                     # of the three VM exits
told:           .skip 8                         # exit qualification of the second

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
