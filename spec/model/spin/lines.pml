/*
 * Thread lines: claiming one, the mark up to which the writer's scan looks, detaching, and the
 * burial of the dead by several threads at once (docs/protocol.md, Death and burial).
 *
 * Two lines, two places for threads that attach, announce a read, and detach or die; the next thread
 * in a place has an id of its own. Two threads bury: one may die in the middle, the other takes over.
 * Checked is all that a reader relies on: while it has announced itself its line is its own, below
 * the mark, and its slot has the word it wrote.
 *
 * "Slots IDLE, the line freed last" is not enough when two bury the same thread: the second one
 * clears the slots of the thread that has the line by then (MUTANT_BURY_UNCLAIMED). Here a line is first
 * claimed, by a CAS from the dead thread's id to the burier's mark. With UNDER_LOCK only the lock's
 * owner buries, and looks at the id again first: as sound.
 *
 * Set from outside: THREADS (ids there will be), UNDER_LOCK, MUTANT_...
 */
#define LINES 2
#ifndef THREADS
#define THREADS 4
#endif
#define BURIERS 2
#define MARK(burier) (100 + (burier))

byte lineId[LINES], slot[LINES], highWater;
bit alive[THREADS + 1];
bit burierDead[BURIERS];
bit buryLock;
byte lastId;

/* The thread of a line, or the one that was burying it, is dead. */
#define DEAD(id) ((id) != 0 && ((id) < MARK(0) -> !alive[id] : burierDead[(id) - MARK(0)]))

#define MAYBE_DIE if :: true :: goto died fi

proctype Thread() {
  byte id, i, seen;
end:
  do
  :: d_step { lastId < THREADS -> lastId++; id = lastId; alive[id] = 1; i = 0 }
     /* Claim a line; the mark is raised before, and never lowered. */
     do
     :: i < LINES ->
#ifdef MUTANT_MARK_STORED
        seen = highWater;
        if
        :: i >= seen -> highWater = i + 1
        :: else
        fi;
#else
        do
        :: seen = highWater;
           if
           :: i >= seen -> atomic { if :: highWater == seen -> highWater = i + 1 :: else fi }
           :: else -> break
           fi
        od;
#endif
        seen = 0;
        atomic {
          MAYBE_DIE;
          if
          :: lineId[i] == 0 -> lineId[i] = id; goto attached
          :: else -> i++
          fi
        }
     :: else -> goto gone                     /* READERS_FULL */
     od;
attached:
     atomic { MAYBE_DIE; slot[i] = id }
     d_step {
       assert(slot[i] == id);
       assert(lineId[i] == id);
       assert(i < highWater)
     }
     atomic { MAYBE_DIE; assert(slot[i] == id && i < highWater); slot[i] = 0 }
     if
     :: goto attached
     :: atomic { MAYBE_DIE; lineId[i] = 0 }   /* detach: the slots are idle */
     fi;
gone:
died:
     skip;
     d_step { alive[id] = 0; id = 0; i = 0; seen = 0 }
  od
}

proctype Burier(byte me) {
  byte i, dead;
end:
  do
  :: i = 0
  :: i = 1
  :: atomic { lineId[i] != 0 -> dead = lineId[i] }
     if
     :: DEAD(dead) ->
#ifdef UNDER_LOCK
        atomic { !buryLock -> buryLock = 1 };
        if
        :: lineId[i] == dead -> slot[i] = 0; lineId[i] = 0
        :: else
        fi;
        buryLock = 0
#else
#ifdef MUTANT_BURY_UNCLAIMED
        slot[i] = 0;
        atomic { if :: lineId[i] == dead -> lineId[i] = 0 :: else fi }
#else
        atomic {
          if
          :: lineId[i] == dead -> lineId[i] = MARK(me)
          :: else -> goto next
          fi
        };
        if
        :: me == 0 -> burierDead[0] = 1; goto ended
        :: true
        fi;
        slot[i] = 0;
        if
        :: me == 0 -> burierDead[0] = 1; goto ended
        :: true
        fi;
        lineId[i] = 0
#endif
#endif
     :: else
     fi;
next:
     dead = 0
  od;
ended:
  skip
}

init {
  atomic {
    run Thread(); run Thread();
    run Burier(0); run Burier(1)
  }
}
