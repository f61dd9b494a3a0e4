package dev.oaas;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks a method of an interface that may run on a surrogate instead of the device; on the interface: all its methods.
 *
 * <p>An annotated method wins over its interface. Everything that goes in or comes out must be of a declared type: primitives
 * and their boxes, strings, enums, arrays, collections, records, and classes of the app (see {@code docs/jvm-wire.md}).
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.METHOD, ElementType.TYPE})
public @interface Offloadable {
  /** Id of the registered app; on the interface. Absent: what {@code OffloadOptions} say. */
  String app() default "";

  /** Name of the method on the wire; absent: its Java name. Overloaded methods need different ones. */
  String name() default "";

  /** Only then is a call whose outcome is unknown run again, elsewhere or on the device. */
  boolean idempotent() default false;

  /** Whole time in ms that the caller is willing to wait; 0: what {@code OffloadOptions} say. */
  long deadlineMs() default 0;
}
