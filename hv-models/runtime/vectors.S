# One entry point a vector (SDM vol. 3, 6.14). Each leaves the same frame (TrapFrame in interrupts.hpp) whether or not the
# processor pushed an error code. GS belongs to the user while ring 3 runs, to the Processor while ring 0 does.
        .text
        .altmacro
        .macro  vector number
        .balign 16
        .if     !((\number == 8) || ((\number >= 10) && (\number <= 14)) || (\number == 17) || (\number == 21))
        pushq   $0
        .endif
        pushq   $\number
        jmp     interrupt_common
        .endm

        .balign 16
        .globl  interrupt_vectors
interrupt_vectors:
        .set    n, 0
        .rept   256
        vector  %n
        .set    n, n + 1
        .endr

interrupt_common:
        testb   $3, 24(%rsp)                    # CS: from ring 3?
        jz      1f
        swapgs
1:      push    %rax
        push    %rbx
        push    %rcx
        push    %rdx
        push    %rsi
        push    %rdi
        push    %rbp
        push    %r8
        push    %r9
        push    %r10
        push    %r11
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        cld
        mov     %rsp, %rdi
        call    interrupt_arrived

        # Interrupts are off here. Threads that have never run in ring 3 start here too.
        .globl  return_from_interrupt
return_from_interrupt:
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %r11
        pop     %r10
        pop     %r9
        pop     %r8
        pop     %rbp
        pop     %rdi
        pop     %rsi
        pop     %rdx
        pop     %rcx
        pop     %rbx
        pop     %rax
        testb   $3, 24(%rsp)
        jz      2f
        swapgs
2:      add     $16, %rsp                       # vector, error code
        iretq
        .section .note.GNU-stack, "", @progbits
