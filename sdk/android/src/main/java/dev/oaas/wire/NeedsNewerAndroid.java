package dev.oaas.wire;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Code that uses what Android 8 does not have. It is only reached after a look whether the virtual machine has it; the build's check
 * against the API of Android 8 leaves it out.
 */
@Retention(RetentionPolicy.CLASS)
@Target({ElementType.METHOD, ElementType.TYPE})
@interface NeedsNewerAndroid {}
