# A program's first instruction: the stack holds the count of arguments and pointers to them (System V ABI, 3.4.1).
        .text
        .globl  _start
_start:
        xor     %ebp, %ebp
        mov     (%rsp), %rdi
        lea     8(%rsp), %rsi
        and     $-16, %rsp
        call    main
        mov     %eax, %edi
        mov     $231, %eax                      # exit_group
        syscall
        .section .note.GNU-stack, "", @progbits
