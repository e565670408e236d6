//! Clusters of real processes, seen from outside: set up, loaded, killed, frozen, cut short.

mod administration;
mod by_hand;
mod certificates;
mod collector;
mod commands;
mod common;
mod demo;
mod doctor;
mod events;
mod failover;
mod files;
mod load;
mod manager;
mod parameters;
mod primary;
mod procedure;
mod publishing;
mod queue;
mod receiver;
mod repair;
mod secret;
mod servers;
mod setup;
mod synchronisation;
mod traces;
mod witness;
