package com.android.tools.r8;

/** The superclass that D8 gives to what was a record, where Android has none. */
public abstract class RecordTag {}
