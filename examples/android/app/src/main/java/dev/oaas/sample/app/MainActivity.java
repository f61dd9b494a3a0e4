package dev.oaas.sample.app;

import android.app.Activity;
import android.content.Intent;
import android.content.IntentFilter;
import android.os.BatteryManager;
import android.os.Bundle;
import android.view.View;
import android.widget.Button;
import android.widget.LinearLayout;
import android.widget.ScrollView;
import android.widget.TextView;
import dev.oaas.DeviceProfile;
import dev.oaas.OaasOptions;
import dev.oaas.PowerProfile;
import dev.oaas.Prefer;
import dev.oaas.sample.Solver;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Two buttons and a log. The work is in {@link Solver}, off the main thread. */
public final class MainActivity extends Activity {
  /** The machine that runs the emulator, where {@code npm start} listens. */
  private static final String[] ENDPOINTS = {"http://10.0.2.2:7400", "http://10.0.2.2:7401"};

  private static final String START = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1";

  private final ExecutorService worker = Executors.newSingleThreadExecutor();
  private Solver solver;
  private TextView log;

  /** A call that blocks. */
  private interface Question {
    Solver.Answer ask() throws Exception;
  }

  @Override
  protected void onCreate(Bundle saved) {
    super.onCreate(saved);
    String key = getString(getResources().getIdentifier("oaas_device_key", "string", getPackageName()));
    OaasOptions options = OaasOptions.withKey(key).endpoints(ENDPOINTS).device(this::deviceProfile);
    solver = new Solver(options, Prefer.AUTO, "jvm");
    LinearLayout screen = new LinearLayout(this);
    screen.setOrientation(LinearLayout.VERTICAL);
    screen.addView(button("Best move, 5 plies", () -> solver.bestMove(START, 5)));
    screen.addView(button("12 queens", () -> solver.countQueens(12)));
    log = new TextView(this);
    ScrollView scroll = new ScrollView(this);
    scroll.addView(log);
    screen.addView(scroll);
    setContentView(screen);
  }

  private Button button(String label, Question question) {
    Button button = new Button(this);
    button.setText(label);
    button.setOnClickListener((View view) -> worker.execute(() -> show(question)));
    return button;
  }

  private void show(Question question) {
    String line;
    try {
      line = question.ask().line();
    } catch (Exception e) {
      line = e.toString();
    }
    String shown = line;
    runOnUiThread(() -> log.append(shown + "\n"));
  }

  /** Time alone while it charges; the emptier the battery, the more energy counts. */
  private DeviceProfile deviceProfile() {
    Intent battery = registerReceiver(null, new IntentFilter(Intent.ACTION_BATTERY_CHANGED));
    if (battery == null) return DeviceProfile.MAINS;
    int level = battery.getIntExtra(BatteryManager.EXTRA_LEVEL, 100);
    int scale = Math.max(1, battery.getIntExtra(BatteryManager.EXTRA_SCALE, 100));
    boolean charging = battery.getIntExtra(BatteryManager.EXTRA_PLUGGED, 0) != 0;
    double charge = Math.max(0, Math.min(1, (double) level / scale));
    return DeviceProfile.ofBattery(PowerProfile.DEFAULT, charge, charging);
  }

  @Override
  protected void onDestroy() {
    worker.shutdown();
    solver.close();
    super.onDestroy();
  }
}
