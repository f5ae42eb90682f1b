# svm_enter(physical address of the control block, general registers, physical address of the host's save page): runs the
# guest until #VMEXIT (APM vol. 2, 15.5, 15.6).
#
# VMRUN and #VMEXIT move only part of the state. FS, GS, TR, LDTR and the system-call registers go by VMLOAD and VMSAVE;
# RAX, RSP, RIP and RFLAGS are the control block's; the other general registers move here.
#
# With GIF clear nothing interrupts the moves. IF is set meanwhile: it decides whether interrupts end the guest (15.13.1);
# they are taken once GIF is set and the caller sets IF.
        .text
        .globl  svm_enter
svm_enter:
        push    %rbp
        push    %rbx
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        push    %rdx                            # host's save page
        push    %rsi                            # registers
        push    %rdi                            # control block, physical

        clgi
        sti
        mov     %rdx, %rax
        vmsave  %rax
        mov     %rdi, %rax
        vmload  %rax

        mov     1*8(%rsi), %rcx
        mov     2*8(%rsi), %rdx
        mov     3*8(%rsi), %rbx
        mov     5*8(%rsi), %rbp
        mov     7*8(%rsi), %rdi
        mov     8*8(%rsi), %r8
        mov     9*8(%rsi), %r9
        mov     10*8(%rsi), %r10
        mov     11*8(%rsi), %r11
        mov     12*8(%rsi), %r12
        mov     13*8(%rsi), %r13
        mov     14*8(%rsi), %r14
        mov     15*8(%rsi), %r15
        mov     6*8(%rsi), %rsi
        vmrun   %rax

        # RAX and RSP are the host's again.
        vmsave  %rax
        mov     8(%rsp), %rax                   # registers
        mov     %rcx, 1*8(%rax)
        mov     %rdx, 2*8(%rax)
        mov     %rbx, 3*8(%rax)
        mov     %rbp, 5*8(%rax)
        mov     %rsi, 6*8(%rax)
        mov     %rdi, 7*8(%rax)
        mov     %r8, 8*8(%rax)
        mov     %r9, 9*8(%rax)
        mov     %r10, 10*8(%rax)
        mov     %r11, 11*8(%rax)
        mov     %r12, 12*8(%rax)
        mov     %r13, 13*8(%rax)
        mov     %r14, 14*8(%rax)
        mov     %r15, 15*8(%rax)
        mov     16(%rsp), %rax
        vmload  %rax
        cli
        stgi

        add     $24, %rsp
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbx
        pop     %rbp
        ret
        .section .note.GNU-stack, "", @progbits
