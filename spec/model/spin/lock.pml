/*
 * The writer lock: CAS, waiting in slices, notify, and the burial of an owner that died
 * (docs/protocol.md, Lock and turns). Three threads, each of which writes a bounded number of times
 * and may die at any step; a dead one's place is taken by a new thread with an id of its own, or, in a mutant,
 * with the same number. A tracker, who hears of deaths, buries dead owners too.
 *
 * A step is one access to a shared word, or one call of wait or notify, each of which is atomic in
 * itself. A dead waiter stays in the queue of waiters until a notify is wasted on it, or until its
 * place is taken: so notifications may be lost. To prove more than the code uses, notify wakes one
 * waiter only; the code wakes all.
 *
 * Checked: one owner at a time, none that finds the data half done without DIRTY; no end state in
 * which a live thread sleeps; and with LIVE, under weak fairness, that all of them finish.
 *
 * Set from outside: ROUNDS (writes of each thread), DEATHS, LIVE, MUTANT_...
 */
#define THREADS 3
#ifndef ROUNDS
#define ROUNDS 1
#endif
#ifndef DEATHS
#define DEATHS 2
#endif
#define IDS (THREADS + DEATHS)

byte lock;
bit dirty, half;                /* half: data is half changed */
bit alive[IDS + 1];
bit asleep[THREADS];

byte inside;                    /* the living thread that is in its critical section: a ghost */
byte deaths, finished, lastId = THREADS;

#ifdef LIVE
ltl all { <> (finished == THREADS) }
#endif

#define MAYBE_DIE if :: true :: deaths < DEATHS -> deaths++; goto died fi
/* A step before which the thread may die. */
#define AT(step) atomic { MAYBE_DIE; step }
/* A step in the critical section: no other thread is in one. */
#define OWN(step) atomic { MAYBE_DIE; assert(lock == id && inside == id); step }

/* Between the store that gives the lock up and the notify an owner may die as anywhere else. */
#ifdef MUTANT_NOTIFY_ONE
#define NO_SLICES
#define BEFORE_NOTIFY skip      /* not here, to show that a lost notify alone is enough */
#else
#define BEFORE_NOTIFY AT(skip)
#endif
#ifdef MUTANT_NO_SLICES
#define NO_SLICES
#endif

inline notify() {
#ifdef MUTANT_NO_SLICES         /* and yet all are woken */
  d_step { asleep[0] = 0; asleep[1] = 0; asleep[2] = 0 }
#else
  atomic {
    if
    :: asleep[0] -> asleep[0] = 0
    :: asleep[1] -> asleep[1] = 0
    :: asleep[2] -> asleep[2] = 0
    :: !asleep[0] && !asleep[1] && !asleep[2]
    fi
  }
#endif
}

proctype Thread(byte me) {
  byte id = me + 1, owner, rounds;

  do
  :: rounds < ROUNDS ->
     /* Acquire. */
try:
     atomic {
       MAYBE_DIE;
       if
       :: lock == 0 -> lock = id; owner = 0; goto owns
       :: else -> owner = lock
       fi
     }
     /* Wait as long as the word says so: one call, which looks and lies down at once. */
     atomic {
       MAYBE_DIE;
       if
       :: lock == owner -> asleep[me] = 1
       :: else -> owner = 0; goto try
       fi
     }
     atomic {
       if
       :: !asleep[me]
#ifndef NO_SLICES
       :: asleep[me] = 0                      /* the slice is over */
#endif
       :: deaths < DEATHS -> deaths++; goto died
       fi
     }
     /* Does the owner seen before live? If not, burial: the first one succeeds. */
     atomic {
       MAYBE_DIE;
       if
       :: alive[owner] -> owner = 0; goto try
       :: else
       fi
     }
     atomic {
       MAYBE_DIE;
       if
       :: lock == owner -> lock = 0
       :: else
       fi;
       owner = 0
     }
     BEFORE_NOTIFY;
     notify();
     goto try;
owns:
     atomic { assert(inside == 0); inside = id }
     if
     :: dirty -> OWN(half = 0)                /* recovery */
     :: else
     fi;
     OWN(dirty = 1);
     assert(!half);
     OWN(half = 1);
     OWN(half = 0);
     OWN(dirty = 0);
     OWN(lock = 0; inside = 0);
     BEFORE_NOTIFY;
     notify();
     rounds++
  :: else -> break
  od;
  goto ended;
died:
  atomic {
    alive[id] = 0;
    owner = 0;
    if
    :: inside == id -> inside = 0
    :: else
    fi;
    /* The line is freed last: the thread does not own the lock any more. */
    if
    :: lock != id
    fi;
    if
    :: rounds < ROUNDS ->
       asleep[me] = 0;
#ifdef MUTANT_LINE_NUMBER
       alive[id] = 1;
#else
       lastId++;
       id = lastId;
       alive[id] = 1;
#endif
       goto try
    :: true
    fi
  }
ended:
  finished++
}

/* Hears of deaths, a dead thread's own burial apart; buries dead owners. */
proctype Tracker() {
  byte dead;
end:
  do
  :: atomic { lock != 0 && !alive[lock] -> dead = lock }
     atomic {
       if
       :: lock == dead -> lock = 0
       :: else
       fi;
       dead = 0
     }
     notify()
  od
}

init {
  atomic {
    alive[1] = 1; alive[2] = 1; alive[3] = 1;
    run Thread(0); run Thread(1); run Thread(2);
    run Tracker()
  }
}
