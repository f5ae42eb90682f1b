#pragma once

namespace hvlab::hostile {

// Memory that is not its own (attack_memory.cpp).
void attack_memory();   // by addresses outside
void attack_tables();   // by page tables with anything in them
void attack_strings();  // by devices' instructions with operands there

// attack_interrupts.cpp
void attack_messages();  // to itself and to all, of every kind
void attack_timer();     // that never stops
void attack_io_apic();
void check_priority();  // no attack: CR8 holds back what it says, and nothing once it is low again

// attacks.cpp
void attack_registers();  // model-specific ones, and control registers
void attack_ports();
void attack_instructions();  // that are the hypervisor's
void attack_calls();         // hypercalls
void attack_chance();        // bytes by chance, executed
void triple_fault();
void lost_tables();  // CR3 where there is no memory
void deaf();         // halts for ever, interrupts off

/// Keeps its memory full of a secret and computes for a while: false if somebody has changed any of it.
bool be_neighbour();

}  // namespace hvlab::hostile
